select
    snapshot_date,
    query_name,
    row_number,
    category,
    day,
    value,
    taken_at
from {{ source('raw_mongodb', 'figures') }}
-- a day on which a query returned nothing has one row without a number
where row_number is not null
