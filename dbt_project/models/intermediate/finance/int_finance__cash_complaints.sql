-- what the banks complained of, about an account in the cash position or about none in particular: the sum may not be what it seems
with sentences as (
    select
        occurred_on,
        account_name,
        is_last_of_week or is_last_of_unwhole_week as is_last_of_week,
        unnest(string_split(error_text, chr(10))) as sentence
    from {{ ref('int_finance__cash_balances') }}
    where is_cash_account and coalesce(reason not in ('former_account', 'other_currency', 'no_money'), true)
)

select
    occurred_on,
    sentence,
    string_agg(distinct account_name, ', ' order by account_name) as account_names,
    bool_or(is_last_of_week) as is_last_of_week,
    'bank_complaint' as reason,
    'simplefin' as source,
    'bank_complaint' as record_type,
    md5(sentence) as record_id,
    cast(null as text) as record_url,
    sentence as record_label
from sentences
where sentence <> ''
group by occurred_on, sentence
