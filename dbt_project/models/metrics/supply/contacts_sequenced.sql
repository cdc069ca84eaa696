select
    'contacts_sequenced' as metric_id,
    cast(null as text) as person_key,
    sent_day as occurred_on,
    1 as numerator,
    1 as denominator,
    case
        when is_ahead then 'not_yet'
        when not is_first_ever then 'contacted_before'
        when is_first_ever is null then 'no_step'
    end as reason,
    campaign_name as segment,
    {{ receipt() }}
from {{ ref('int_outreach__emails') }}
where is_first_contact is not false
