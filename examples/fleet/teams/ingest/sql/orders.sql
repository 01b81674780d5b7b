select orders.id, orders.amount, orders.returned, customers.region
from orders join customers on customers.id = orders.customer
where customers.region = :region
order by orders.id
