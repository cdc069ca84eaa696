{%- set rate = plausible('coalesce(exchange_rate, 1)', 'rate') -%}
select
    id as purchase_id,
    doc_number as purchase_number,
    payment_type,
    account_id,
    account_name,
    txn_date as purchase_day,
    currency,
    created_at,
    updated_at,
    case when entity_type = 'Vendor' then entity_id end as vendor_id,
    entity_name as payee_name,
    coalesce(is_credit, false) as is_refund,
    {{ rate }} as exchange_rate,
    -- a refund counts against the expense
    {{ plausible('case when is_credit then -total_amount else total_amount end', 'money') }} as amount,
    {{ implausible_fields({
        'amount': ('total_amount', 'money'),
        'exchange_rate': ('exchange_rate', 'rate')
    }) }} as implausible,
    coalesce(is_voided, false) as is_voided,
    deleted_at is not null as is_deleted
from {{ source('raw_quickbooks', 'purchases') }}
