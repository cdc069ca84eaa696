-- e-mails of the sales people that the CRM (Copper) knows. Mails that Copper logged by itself often have no user: then the sender says
-- whose they are; one whose sender is not a user came from outside. Without a sender nobody knows, unless somebody logged it by hand
with users as (
    select
        email,
        -- a leaver's address may have been given to somebody else
        arg_max(user_id, (is_current, user_id)) as user_id
    from {{ ref('stg_copper__users') }}
    where email is not null
    group by email
),

emails as (
    select
        activities.*,
        coalesce(senders.user_id, case when activities.sender_email is null then activities.user_id end) as rep_id,
        case
            when activities.sender_email is not null then senders.user_id is null
            when activities.category = 'user' then false
        end as is_incoming
    from {{ ref('stg_copper__activities') }} as activities
    inner join {{ ref('stg_copper__activity_types') }} as types
        on activities.category = types.category and activities.activity_type_id = types.activity_type_id
    left join users as senders on activities.sender_email = senders.email
    where {{ in_setting('types.activity_type_name', 'copper.email_types') }}
)

select
    emails.activity_id,
    cast(emails.rep_id as text) as account_id,
    accounts.person_key,
    reps.email as rep_email,
    emails.happened_at,
    emails.activity_day as sent_day,
    emails.is_incoming,
    {{ lies_ahead('emails.happened_at') }} as is_ahead,
    emails.is_deleted,
    'copper' as source,
    'email' as record_type,
    cast(emails.activity_id as text) as record_id,
    cast(null as text) as record_url,
    'E-mail ' || emails.activity_id as record_label
from emails
left join {{ ref('stg_copper__users') }} as reps on emails.rep_id = reps.user_id
left join {{ ref('int_people__accounts') }} as accounts
    on accounts.source = 'copper' and cast(emails.rep_id as text) = accounts.account_id
