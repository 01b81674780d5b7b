select *
from wines
where price > {{ floor }} -- $(NOT) $$ expanded
