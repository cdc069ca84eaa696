select
    person_key,
    full_name,
    team,
    active_from,
    active_to
from {{ ref('people') }}
