select customers.id, customers.region, customers.months, sum(orders.amount) as spend, count(*) as orders
from orders join customers on customers.id = orders.customer
where not orders.returned
group by customers.id
order by customers.id
