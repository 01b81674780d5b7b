select customers.age, customers.months, avg(orders.returned) as share
from orders join customers on customers.id = orders.customer
group by customers.id
order by customers.id
