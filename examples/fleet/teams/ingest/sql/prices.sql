select product, hour, price from prices where product = :product order by hour
