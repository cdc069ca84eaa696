select
    id as account_id,
    name as account_name,
    primary_timezone as time_zone
from {{ source('raw_copper', 'account') }}
