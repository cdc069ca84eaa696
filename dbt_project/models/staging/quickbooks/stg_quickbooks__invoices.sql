{%- set rate = plausible('coalesce(exchange_rate, 1)', 'rate') -%}
select
    id as invoice_id,
    doc_number as invoice_number,
    customer_id,
    customer_name,
    txn_date as invoice_day,
    due_date as due_day,
    currency,
    email_status,
    created_at,
    updated_at,
    {{ plausible('total_amount', 'money') }} as total_amount,
    {{ plausible('total_tax', 'money') }} as total_tax,
    {{ plausible('balance', 'money') }} as open_amount,
    {{ implausible_fields({
        'total_amount': ('total_amount', 'money'), 'exchange_rate': ('exchange_rate', 'rate'),
        'total_tax': ('total_tax', 'money'),
        'open_amount': ('balance', 'money')
    }) }} as implausible,
    {{ rate }} as exchange_rate,
    {{ plausible('coalesce(home_balance, ' ~ plausible('balance', 'money') ~ ' * ' ~ rate ~ ')', 'money') }} as open_home_amount,
    {{ plausible(plausible('total_amount', 'money') ~ ' * ' ~ rate, 'money') }} as total_home_amount,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'invoices') }}
