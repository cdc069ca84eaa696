-- a form belongs to every scorecard quarter in which it existed
with quarters as (
    select distinct
        quarter_start,
        quarter_end
    from {{ ref('int_calendar__days') }}
    where
        quarter_start <= {{ today() }}
        and quarter_end >= (select min(lines.valid_from) from {{ ref('scorecard_lines') }} as lines)
),

forms as (
    select
        *,
        coalesce({{ local_day('created_at') }}, {{ today() }}) as created_on,
        case when is_deleted then coalesce({{ local_day('archived_at') }}, {{ local_day('updated_at') }}, {{ today() }}) end as archived_on
    from {{ ref('stg_hubspot__forms') }}
)

select
    forms.form_id,
    quarters.quarter_start,
    least(quarters.quarter_end, {{ today() }}) as occurred_on,
    coalesce(forms.archived_on <= quarters.quarter_end, false) as is_archived,
    'hubspot' as source,
    'form' as record_type,
    forms.form_id as record_id,
    cast(null as text) as record_url,
    coalesce(nullif(trim(forms.form_name), ''), 'Form ' || forms.form_id) as record_label
from forms
inner join quarters
    on forms.created_on <= quarters.quarter_end and (forms.archived_on is null or forms.archived_on >= quarters.quarter_start)
