select id, region, age, months from customers order by id
