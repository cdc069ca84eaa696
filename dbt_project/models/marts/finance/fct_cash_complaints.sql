select
    occurred_on as snapshot_day,
    sentence,
    account_names
from {{ ref('int_finance__cash_complaints') }}
