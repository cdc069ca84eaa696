select
    entity,
    field,
    value,
    label,
    sort_order,
    coalesce(is_active, false) as is_active
from {{ source('raw_autotask', 'picklists') }}
