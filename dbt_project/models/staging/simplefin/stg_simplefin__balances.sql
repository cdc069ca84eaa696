select
    snapshot_date as snapshot_day,
    account_id,
    account_key,
    currency,
    balance,
    available_balance,
    balance_at,
    {{ local_day('balance_at') }} as balance_day,
    holdings as holdings_count,
    coalesce(has_error, false) as has_error,
    -- points and other custom units have a URL for a currency
    coalesce(regexp_full_match(currency, '[A-Z]{3}'), false) as is_money
from {{ source('raw_simplefin', 'balances') }}
