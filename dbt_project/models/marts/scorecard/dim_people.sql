select
    person_key,
    full_name,
    email,
    team,
    active_from,
    active_to
from {{ ref('people') }}
