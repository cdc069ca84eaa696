select
    'form_submissions' as metric_id,
    cast(null as text) as person_key,
    submitted_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when submitted_day is null then 'no_date'
    end as reason,
    {{ receipt() }}
from {{ ref('int_marketing__form_submissions') }}
