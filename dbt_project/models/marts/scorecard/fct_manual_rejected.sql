select
    file,
    line,
    reason,
    content
from {{ ref('stg_manual__rejected') }}
