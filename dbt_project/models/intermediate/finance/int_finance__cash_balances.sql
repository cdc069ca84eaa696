{%- set listed = setting_list('simplefin.cash_accounts') -%}
-- each account of the list `simplefin.cash_accounts` on each day on which the bank side answered, whether it was in the answer or not; and
-- the other accounts, which are not cash. An account that is missing keeps its last balance while that is young enough; else the day is
-- incomplete and has no sum at all, because a sum without it would be a lower number that looks like the whole. The same holds for two
-- accounts of one name, where nobody knows which of them counts
with cash_accounts as (
    select distinct regexp_replace(unnest({{ listed }}), '^www\.', '') as list_key
),

keyed as (
    select
        balances.*,
        -- an id on the list distinguishes accounts of one name
        case
            when list_contains({{ listed }}, lower(balances.account_id)) then lower(balances.account_id)
            else regexp_replace(lower(trim(balances.account_key)), '^www\.', '')
        end as list_key,
        accounts.account_name,
        accounts.org_name,
        accounts.connection_id,
        min(balances.snapshot_day) over (partition by balances.account_id) as first_day
    from {{ ref('stg_simplefin__balances') }} as balances
    left join {{ ref('stg_simplefin__accounts') }} as accounts on balances.account_id = accounts.account_id
),

loaded as (
    select *
    from keyed
    -- of a bank that was connected again during the day only the newer load counts
    qualify load_number is not distinct from max(load_number) over (partition by snapshot_day, list_key)
),

-- an account that was linked again is there twice for a while: certainly so where the older one comes from another
-- connection and its balance does not move or its bank complains
former as (
    select distinct
        older.snapshot_day,
        older.account_id
    from loaded as older
    inner join loaded as newer
        on
            older.snapshot_day = newer.snapshot_day
            and older.list_key = newer.list_key
            and older.account_id <> newer.account_id
            and older.currency = newer.currency
            and (older.connection_id is null or older.connection_id is distinct from newer.connection_id)
    where
        older.first_day < newer.first_day
        and not newer.has_error
        and (older.has_error or coalesce(older.balance_day < newer.balance_day, false))
),

balances as (
    select
        loaded.*,
        former.account_id is not null as is_former,
        former.account_id is null
        and count(*) filter (where former.account_id is null) over (partition by loaded.snapshot_day, loaded.list_key) > 1 as is_twin
    from loaded
    left join former on loaded.snapshot_day = former.snapshot_day and loaded.account_id = former.account_id
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
        balances.error_text,
        balances.is_former,
        balances.is_twin,
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
            when is_former then 'former_account'
            when currency is null then 'no_currency'
            when not is_money then 'no_money'
            when currency <> {{ setting('company.currency') }} then 'other_currency'
            when is_twin then 'twin_account'
            when balance is null then 'no_balance'
            when snapshot_day - balance_day > cast({{ setting('simplefin.stale_after_days') }} as integer) then 'balance_too_old'
        end as reason
    from expected
),

complete as (
    select
        *,
        not bool_or(coalesce(reason in ('account_missing', 'twin_account', 'no_currency', 'no_balance', 'balance_too_old'), false))
            over on_the_day
        -- money in other currencies alone has no sum either
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
        error_text,
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
        balances.error_text,
        'no_cash_account' as reason,
        days.is_complete
    from balances
    inner join whole_days as days on balances.snapshot_day = days.snapshot_day
    where balances.list_key not in (select cash_accounts.list_key from cash_accounts)
),

newest_days as (
    select
        {{ week_start('snapshot_day') }} as monday,
        max(snapshot_day) filter (where is_complete) as whole_day,
        max(snapshot_day) as any_day
    from whole_days
    group by monday
)

select
    accounts.snapshot_day as occurred_on,
    accounts.list_key,
    accounts.is_cash_account,
    coalesce(accounts.seen_day < accounts.snapshot_day, false) as is_carried,
    coalesce(accounts.account_name, accounts.list_key) as account_name,
    accounts.org_name,
    accounts.currency,
    accounts.balance,
    accounts.balance_at,
    accounts.balance_day,
    -- a sum is as old as its oldest part
    min(case when accounts.reason is null then accounts.balance_day end) over (partition by accounts.snapshot_day) as as_of_day,
    coalesce(accounts.has_error, false) as has_error,
    -- what the banks complained of that day
    case when accounts.seen_day = accounts.snapshot_day then accounts.error_text end as error_text,
    accounts.reason,
    accounts.is_complete,
    -- what a week says is its last day that is whole
    accounts.is_complete and accounts.snapshot_day = newest_days.whole_day as is_last_of_week,
    -- a week without one says why
    newest_days.whole_day is null and accounts.snapshot_day = newest_days.any_day as is_last_of_unwhole_week,
    'simplefin' as source,
    'bank_account' as record_type,
    coalesce(accounts.account_id, accounts.list_key) as record_id,
    cast(null as text) as record_url,
    concat_ws(
        ', ',
        coalesce(accounts.account_name, accounts.list_key),
        accounts.org_name,
        coalesce('balance of ' || {{ day_text('accounts.balance_day') }}, 'not among the accounts')
    ) as record_label
from every_account as accounts
inner join newest_days on {{ week_start('accounts.snapshot_day') }} = newest_days.monday
