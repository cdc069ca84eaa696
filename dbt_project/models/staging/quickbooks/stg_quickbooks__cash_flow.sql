select
    month as month_start,
    position as line_number,
    through as through_day,
    kind as line_kind,
    group_key,
    title,
    path as parent_titles,
    account_id,
    currency,
    {{ plausible('amount', 'money') }} as amount,
    {{ implausible_fields({'amount': ('amount', 'money')}) }} as implausible
from {{ source('raw_quickbooks', 'cash_flow') }}
