select
    position as error_number,
    code as error_code,
    text as error_text,
    connection_id,
    account_id
from {{ source('raw_simplefin', 'errors') }}
