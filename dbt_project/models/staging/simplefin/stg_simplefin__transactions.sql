select
    account_id,
    transaction_id,
    posted_at,
    {{ local_day('posted_at') }} as posted_day,
    transacted_at,
    amount,
    currency,
    description,
    payee,
    deleted_at is not null as is_deleted
from {{ source('raw_simplefin', 'transactions') }}
