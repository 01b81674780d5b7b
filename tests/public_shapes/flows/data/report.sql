select 1;
select $since;
