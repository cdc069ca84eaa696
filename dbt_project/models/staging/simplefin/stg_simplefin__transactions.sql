select
    account_id,
    transaction_id,
    posted_at,
    {{ local_day('posted_at') }} as posted_day,
    transacted_at,
    currency,
    description,
    payee,
    {{ plausible('amount', 'money') }} as amount,
    {{ implausible_fields({'amount': ('amount', 'money')}) }} as implausible,
    deleted_at is not null as is_deleted
from {{ source('raw_simplefin', 'transactions') }}
