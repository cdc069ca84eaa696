{%- set rate = plausible('coalesce(exchange_rate, 1)', 'rate') -%}
select
    id as bill_payment_id,
    vendor_id,
    vendor_name,
    txn_date as payment_day,
    pay_type,
    account_id,
    currency,
    created_at,
    updated_at,
    {{ plausible('total_amount', 'money') }} as total_amount,
    {{ implausible_fields({
        'total_amount': ('total_amount', 'money'),
        'exchange_rate': ('exchange_rate', 'rate')
    }) }} as implausible,
    {{ rate }} as exchange_rate,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'bill_payments') }}
