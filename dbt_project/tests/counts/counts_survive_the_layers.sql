{{ config(meta={'dagster': {'ref': {'name': 'dials'}}}) }}

-- a join that multiplies or loses records shows here: every layer holds as many as the one before it
with counts as (
    {% set steps = [
        ('calls', 'stg_hubspot__calls', 'true', ['int_hubspot__calls', 'dials', 'conversations_dm', 'w250_dials', 'w250_conversations_dm', 'calls_by_rep']),
        ('meetings', 'stg_hubspot__meetings', 'true', [
            'int_hubspot__meetings', 'meetings_by_outcome', 'meetings_held', 'meetings_cancelled', 'meetings_no_show', 'meeting_attendees',
        ]),
        ('e-mails', 'stg_hubspot__emails', 'true', ['int_hubspot__emails', 'emails_by_rep']),
        ('tasks', 'stg_hubspot__tasks', 'true', ['int_hubspot__tasks', 'tasks_by_rep']),
        ('notes', 'stg_hubspot__notes', 'true', ['int_hubspot__notes', 'notes_by_rep']),
        ('marketing mails', 'stg_hubspot__marketing_mails', 'true', ['int_marketing__mails', 'email_campaigns_sent']),
        ('submissions', 'stg_hubspot__form_submissions', 'true', ['int_marketing__form_submissions', 'form_submissions']),
        ('first appointments', 'int_hubspot__meetings', 'is_first_appointment', ['ftas_set', 'w250_ftas_set']),
        ('contacts', 'stg_hubspot__contacts', 'true', ['int_hubspot__contacts', 'leads_generated', 'contacts_recent']),
        ('deals', 'stg_hubspot__deals', 'true', ['int_hubspot__deals']),
        ('won deals', 'int_hubspot__deals', "deal_state = 'won'", ['mrr_closed', 'mrr_deals_closed', 'avg_deal_size', 'sales_cycle_days']),
        ('closed deals', 'int_hubspot__deals', "deal_state <> 'open'", ['win_rate']),
        ('ad spend', 'int_marketing__ad_spend', 'true', ['ad_spend']),
        ('calls of reps', 'int_phone__calls', 'true', ['phone_call_quantity']),
        ('won opportunities', 'int_copper__sales', 'true', ['new_sales_wholesale', 'new_sales_distribution']),
        ('deals of a quarter', 'int_hubspot__deal_quarters', 'true', ['deals_total', 'deals_total_value', 'deals_won', 'deals_lost', 'deals_in_progress']),
        ('tickets', 'stg_autotask__tickets', 'true', ['int_desk__service_tickets', 'reactive_tickets_opened']),
        ('completed tickets', 'stg_autotask__tickets', 'completed_at is not null', [
            'reactive_tickets_closed', 'same_day_close_rate', 'same_day_close_rate_business',
        ]),
        ('time entries', 'stg_autotask__time_entries', 'true', [
            'int_hours__time_entries', 'utilization', 'billable_hours', 'non_billable_hours', 'total_hours',
        ]),
        ('typed-in numbers', 'stg_manual__entries', 'true', ['int_manual__entries']),
    ] %}
    {% for records, sent, condition, kept in steps %}{% set outer = loop %}{% for model in kept %}
    select
        '{{ records }}' as records,
        '{{ model }}' as model,
        (select count(*) filter (where {{ condition }}) from {{ ref(sent) }}) as sent_rows,
        (select count(*) from {{ ref(model) }}) as kept_rows
    {{ 'union all' if not (outer.last and loop.last) }}
    {% endfor %}{% endfor %}
)

select *
from counts
where sent_rows <> kept_rows
