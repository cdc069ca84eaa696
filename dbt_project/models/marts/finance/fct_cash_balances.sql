select
    occurred_on as snapshot_day,
    record_id as account_id,
    account_name,
    org_name,
    is_cash_account,
    currency,
    balance,
    balance_day,
    is_carried,
    reason is null as is_counted,
    reason,
    is_complete as is_day_complete,
    as_of_day
from {{ ref('int_finance__cash_balances') }}
