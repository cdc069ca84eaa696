-- who filled a form in stays in HubSpot: a receipt names the form and the time
select
    submissions.submission_id,
    submissions.form_id,
    submissions.submitted_day,
    'hubspot' as source,
    'form_submission' as record_type,
    submissions.form_id || ':' || submissions.submission_id as record_id,
    cast(null as text) as record_url,
    coalesce(nullif(trim(forms.form_name), ''), 'Form ' || submissions.form_id) as record_label
from {{ ref('stg_hubspot__form_submissions') }} as submissions
left join {{ ref('stg_hubspot__forms') }} as forms on submissions.form_id = forms.form_id
