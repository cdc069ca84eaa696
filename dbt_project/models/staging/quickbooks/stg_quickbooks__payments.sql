{%- set rate = plausible('coalesce(exchange_rate, 1)', 'rate') -%}
select
    id as payment_id,
    customer_id,
    customer_name,
    txn_date as payment_day,
    deposit_account_id,
    currency,
    created_at,
    updated_at,
    {{ plausible('total_amount', 'money') }} as total_amount,
    {{ plausible('unapplied_amount', 'money') }} as unapplied_amount,
    {{ implausible_fields({
        'total_amount': ('total_amount', 'money'),
        'exchange_rate': ('exchange_rate', 'rate'),
        'unapplied_amount': ('unapplied_amount', 'money')
    }) }} as implausible,
    {{ rate }} as exchange_rate,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'payments') }}
