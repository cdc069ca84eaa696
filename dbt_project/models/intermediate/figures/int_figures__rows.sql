-- figures of the company's own databases, in one shape for all of them
select
    'company_warehouse' as source,
    *
from {{ ref('stg_company_warehouse__figures') }}

union all by name

select
    'mongodb' as source,
    *
from {{ ref('stg_mongodb__figures') }}
