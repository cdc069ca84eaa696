-- each account of the list `simplefin.cash_accounts` on each day on which the bank side answered, whether it was in the answer or not; and
-- the other accounts, which are no cash. An account that is missing keeps its last balance while that is young enough; else the day is
-- incomplete and has no sum at all, because a sum without it would be a lower number that looks like the whole
with cash_accounts as (
    select distinct unnest({{ setting_list('simplefin.cash_accounts') }}) as list_key
),

balances as (
    select
        balances.*,
        lower(trim(balances.account_key)) as list_key,
        accounts.account_name,
        accounts.org_name
    from {{ ref('stg_simplefin__balances') }} as balances
    left join {{ ref('stg_simplefin__accounts') }} as accounts on balances.account_id = accounts.account_id
    -- of a bank that was connected again during the day only the newer load counts
    qualify
        balances.load_number is not distinct from
        max(balances.load_number) over (partition by balances.snapshot_day, lower(trim(balances.account_key)))
),

days as (
    select distinct snapshot_day
    from balances
),

seen as (
    select
        days.snapshot_day,
        cash_accounts.list_key,
        max(balances.snapshot_day) filter (where balances.snapshot_day <= days.snapshot_day) as seen_day,
        max(balances.snapshot_day) is not null as is_seen_ever
    from days
    cross join cash_accounts
    left join balances on cash_accounts.list_key = balances.list_key
    group by days.snapshot_day, cash_accounts.list_key
),

expected as (
    select
        seen.snapshot_day,
        seen.list_key,
        seen.is_seen_ever,
        seen.seen_day,
        balances.account_id,
        balances.account_name,
        balances.org_name,
        balances.currency,
        balances.is_money,
        balances.balance,
        balances.balance_at,
        balances.has_error,
        coalesce(balances.balance_day, balances.snapshot_day) as balance_day
    from seen
    left join balances on seen.list_key = balances.list_key and seen.seen_day = balances.snapshot_day
),

judged as (
    select
        *,
        case
            when seen_day is null and is_seen_ever then 'not_connected_yet'
            when seen_day is null then 'account_missing'
            when not is_money then 'no_money'
            when currency <> {{ setting('company.currency') }} then 'other_currency'
            when balance is null then 'no_balance'
            when snapshot_day - balance_day > cast({{ setting('simplefin.stale_after_days') }} as integer) then 'balance_too_old'
        end as reason
    from expected
),

complete as (
    select
        *,
        not bool_or(coalesce(reason in ('account_missing', 'no_balance', 'balance_too_old'), false)) over on_the_day
        -- money in other currencies alone is no sum either
        and bool_or(reason is null) over on_the_day as is_complete
    from judged
    window on_the_day as (partition by snapshot_day)
),

whole_days as (
    select distinct
        snapshot_day,
        is_complete
    from complete
),

every_account as (
    select
        snapshot_day,
        list_key,
        true as is_cash_account,
        seen_day,
        account_id,
        account_name,
        org_name,
        currency,
        balance,
        balance_at,
        balance_day,
        has_error,
        reason,
        is_complete
    from complete

    union all

    select
        balances.snapshot_day,
        balances.list_key,
        false as is_cash_account,
        balances.snapshot_day as seen_day,
        balances.account_id,
        balances.account_name,
        balances.org_name,
        balances.currency,
        balances.balance,
        balances.balance_at,
        coalesce(balances.balance_day, balances.snapshot_day) as balance_day,
        balances.has_error,
        'no_cash_account' as reason,
        days.is_complete
    from balances
    inner join whole_days as days on balances.snapshot_day = days.snapshot_day
    where balances.list_key not in (select cash_accounts.list_key from cash_accounts)
)

select
    snapshot_day as occurred_on,
    list_key,
    is_cash_account,
    seen_day is not null and seen_day < snapshot_day as is_carried,
    coalesce(account_name, list_key) as account_name,
    org_name,
    currency,
    balance,
    balance_at,
    balance_day,
    -- a sum is as old as its oldest part
    min(case when reason is null then balance_day end) over (partition by snapshot_day) as as_of_day,
    coalesce(has_error, false) as has_error,
    reason,
    is_complete,
    -- what a week says is its last day that is whole
    is_complete
    and snapshot_day
    = max(case when is_complete then snapshot_day end) over (partition by {{ week_start('snapshot_day') }}) as is_last_of_week,
    'simplefin' as source,
    'bank_account' as record_type,
    coalesce(account_id, list_key) as record_id,
    cast(null as text) as record_url,
    concat_ws(
        ', ',
        coalesce(account_name, list_key),
        org_name,
        coalesce('balance of ' || strftime(balance_day, '%Y-%m-%d'), 'not among the accounts')
    ) as record_label
from every_account
