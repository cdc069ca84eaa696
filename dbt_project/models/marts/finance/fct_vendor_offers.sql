select
    occurred_on as snapshot_day,
    record_id as vendor_key,
    vendor_name,
    approved_on,
    vendor_id is not null as is_in_billcom,
    is_archived,
    is_onboarded,
    network_status,
    pay_by_type
from {{ ref('int_accounting__vendor_offers') }}
