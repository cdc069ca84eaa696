select
    snapshot_date,
    query_name,
    row_number,
    category,
    day,
    value,
    taken_at
from {{ source('raw_company_warehouse', 'figures') }}
-- a day on which a query returned nothing has one row without a number
where row_number is not null
