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
    -- a reconnected account leaves the row of its old id to the load before
    try_cast(_dlt_load_id as double) as load_number,
    -- points and other custom units have a URL for a currency
    coalesce(regexp_full_match(currency, '[A-Z]{3}'), false) as is_money
from {{ source('raw_simplefin', 'balances') }}
