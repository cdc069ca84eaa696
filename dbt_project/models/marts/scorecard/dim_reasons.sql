-- the texts of the seed. A reason with a vendor's word or a person's name in it has the text with that word. A reason that the seed
-- does not know is its own text
with composed as (
    select reason from {{ ref('fct_contributions') }}
    union
    select reason from {{ ref('fct_restatement_records') }}
)

select
    reason,
    text,
    is_unknown
from {{ ref('reasons') }}
where reason not like '%*'

union all

select
    composed.reason,
    coalesce(
        replace(
            patterns.text, '*', coalesce(people.full_name, replace(substr(composed.reason, length(patterns.reason)), '_', ' '))
        ),
        upper(left(composed.reason, 1)) || replace(substr(composed.reason, 2), '_', ' ')
    ) as text,
    coalesce(patterns.is_unknown, false) as is_unknown
from composed
left join {{ ref('reasons') }} as exact on composed.reason = exact.reason
left join {{ ref('reasons') }} as patterns
    on patterns.reason like '%*' and starts_with(composed.reason, rtrim(patterns.reason, '*'))
left join {{ ref('people') }} as people
    on patterns.reason = 'counted_for_*' and substr(composed.reason, length(patterns.reason)) = people.person_key
where composed.reason is not null and exact.reason is null
