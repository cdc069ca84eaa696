with balances as (
    select
        *,
        -- points and other custom units have a URL for a currency
        case
            when regexp_full_match(trim(currency), '[A-Za-z]{3}') then upper(trim(currency))
            else nullif(trim(currency), '')
        end as plain_currency
    from {{ source('raw_simplefin', 'balances') }}
)

select
    snapshot_date as snapshot_day,
    account_id,
    account_key,
    plain_currency as currency,
    balance_at,
    {{ local_day('balance_at') }} as balance_day,
    holdings as holdings_count,
    coalesce(has_error, false) as has_error,
    error_text,
    {{ plausible('balance', 'money') }} as balance,
    {{ plausible('available_balance', 'money') }} as available_balance,
    {{ implausible_fields({'balance': ('balance', 'money'), 'available_balance': ('available_balance', 'money')}) }} as implausible,
    -- a reconnected account leaves the row of its old id to the load before
    try_cast(_dlt_load_id as double) as load_number,
    length(plain_currency) = 3 as is_money
from balances
