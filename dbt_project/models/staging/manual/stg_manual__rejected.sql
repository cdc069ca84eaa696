select
    file,
    line,
    reason,
    content
from {{ source('raw_manual', 'rejected') }}
