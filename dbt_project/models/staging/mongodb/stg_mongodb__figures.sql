select
    snapshot_date,
    query_name,
    row_number,
    category,
    day,
    taken_at,
    {{ plausible('value', 'number') }} as value,
    {{ implausible_fields({'value': ('value', 'number')}) }} as implausible
from {{ source('raw_mongodb', 'figures') }}
-- a day on which a query returned nothing has one row without a number
where row_number is not null
