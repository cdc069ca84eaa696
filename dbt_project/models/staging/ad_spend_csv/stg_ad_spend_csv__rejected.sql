select
    file,
    line,
    reason,
    content
from {{ source('raw_ad_spend_csv', 'rejected') }}
