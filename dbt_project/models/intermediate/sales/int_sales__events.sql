-- the records that the measures of the sales pages add up, one row per record and measure. A measure is the sum of its numerators, divided
-- by the sum of its denominators if it is a share or a mean; the rules are those of the metrics of the same name. `local_at`: the local
-- time at which it happened
with deals as (
    select
        deals.* replace ({{ moment('deals.closed_on', ['deals.stage_entered_at', 'deals.closed_at']) }} as closed_at),
        {{ moment('deals.opened_on', ['deals.created_at']) }} as opened_at,
        coalesce(owners.owner_key, deals.source || ':' || nullif(deals.owner_id, ''), 'nobody') as owner_key
    from {{ ref('int_crm__deals') }} as deals
    left join {{ ref('int_crm__owners') }} as owners on deals.source = owners.source and deals.owner_id = owners.owner_id
    where not deals.is_deleted
),

contacts as (
    select
        contacts.* replace ({{ moment('contacts.created_day', ['contacts.created_at']) }} as created_at),
        {{ moment('contacts.lead_day', ['contacts.became_lead_at', 'contacts.created_at']) }} as lead_at,
        {{ moment('contacts.mql_day', ['contacts.became_mql_at']) }} as mql_at,
        {{ moment('contacts.sql_day', ['contacts.became_sql_at']) }} as sql_at
    from {{ ref('int_crm__contacts') }} as contacts
    where not contacts.is_deleted
),

events as (
    {% for measure, day, numerator, condition in [
        ('deals_won', 'closed_on', '1', "deal_state = 'won'"),
        ('deals_lost', 'closed_on', '1', "deal_state = 'lost' and not is_disqualified"),
        ('deals_disqualified', 'closed_on', '1', "deal_state = 'lost' and is_disqualified"),
        ('win_rate', 'closed_on', "case when deal_state = 'won' then 1 else 0 end", "deal_state in ('won', 'lost') and not is_disqualified"),
        ('won_value', 'closed_on', 'amount', "deal_state = 'won' and amount is not null and not is_other_currency"),
        ('avg_deal', 'closed_on', 'amount', "deal_state = 'won' and amount is not null and not is_other_currency"),
        ('sales_cycle_days', 'closed_on', 'greatest(closed_on - created_day, 0)', "deal_state = 'won' and created_day is not null"),
        ('deals_created', 'opened_on', '1', 'true'),
    ] -%}
    select
        '{{ measure }}' as measure,
        deal_id as record_id,
        owner_key,
        {{ day }} as day,
        {{ day | replace('_on', '_at') }} as local_at,
        cast({{ numerator }} as decimal(38, 9)) as numerator
    from deals
    where {{ condition }}

    union all

    {% endfor -%}
    {% for measure, day, numerator, condition in [
        ('new_contacts', 'created_day', '1', 'true'),
        ('leads', 'lead_day', '1', 'true'),
        ('mqls', 'mql_day', '1', 'true'),
        ('sqls', 'sql_day', '1', 'true'),
        ('web_visits', 'created_day', 'web_visits', 'web_visits > 0'),
        ('form_fills', 'created_day', 'form_fills', 'form_fills > 0'),
    ] -%}
    select
        '{{ measure }}' as measure,
        contact_id as record_id,
        owner_key,
        {{ day }} as day,
        {{ day | replace('_day', '_at') }} as local_at,
        cast({{ numerator }} as decimal(38, 9)) as numerator
    from contacts
    where {{ day }} is not null and {{ condition }}

    union all

    {% endfor -%}
    select
        case activity_type when 'email' then 'emails' else 'activities' end as measure,
        activity_type || ':' || activity_id as record_id,
        owner_key,
        day,
        local_at,
        1 as numerator
    from {{ ref('int_crm__activities') }}
    where not is_deleted and is_ours and day is not null
)

select
    events.measure,
    events.record_id,
    owners.shown_key as owner_key,
    events.day,
    events.local_at,
    events.numerator
from events
inner join {{ ref('int_sales__owners') }} as owners on events.owner_key = owners.owner_key
