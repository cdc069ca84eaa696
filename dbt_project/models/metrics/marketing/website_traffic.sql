select
    'website_traffic' as metric_id,
    cast(null as text) as person_key,
    visit_day as occurred_on,
    sessions as numerator,
    1 as denominator,
    case
        when list_contains(implausible, 'sessions') then 'implausible_amount'
        when sessions is null then 'no_number'
    end as reason,
    {{ receipt() }}
from {{ ref('int_marketing__web_traffic') }}
