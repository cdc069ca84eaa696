select
    person_key,
    full_name,
    team
from {{ ref('people') }}
