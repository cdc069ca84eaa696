-- the days on which a snapshot was taken, also one that found nothing: of such a day only the ledger knows
with held as (
    {% set tables = [
        ('datto_rmm.devices', 'stg_datto_rmm__devices', 'snapshot_day'),
        ('datto_bcdr.assets', 'stg_datto_bcdr__assets', 'snapshot_day'),
        ('datto_bcdr.saas_backups', 'stg_datto_bcdr__saas_backups', 'snapshot_day'),
        ('smartlead.campaign_stats', 'stg_smartlead__campaign_stats', 'snapshot_date'),
        ('zendesk.open_tickets', 'stg_zendesk__open_tickets', 'snapshot_day'),
        ('intercom.open_conversations', 'stg_intercom__open_conversations', 'snapshot_day'),
        ('billcom.pending_bills', 'stg_billcom__pending_bills', 'snapshot_date'),
    ] %}
    {% for name, model, day in tables %}
    select distinct
        '{{ name }}' as snapshot_table,
        {{ day }} as snapshot_day
    from {{ ref(model) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

loads as (
    select
        source || '.' || table_name as snapshot_table,
        {{ local_day('complete_through') }} as snapshot_day,
        max(complete_through) as taken_at
    from {{ ref('stg_scoreline__loads') }}
    where
        load_status = 'ok'
        and complete_through is not null
        and list_contains({{ snapshot_tables() }}, source || '.' || table_name)
    group by all
)

select
    coalesce(held.snapshot_table, loads.snapshot_table) as snapshot_table,
    coalesce(held.snapshot_day, loads.snapshot_day) as snapshot_day,
    coalesce(
        loads.taken_at,
        least({{ clock() }}, {{ day_start_instant('held.snapshot_day + 1') }})
    ) as taken_at,
    -- what a week says is its last snapshot; in the running week that is the newest one
    row_number() over (
        partition by
            coalesce(held.snapshot_table, loads.snapshot_table),
            {{ week_start('coalesce(held.snapshot_day, loads.snapshot_day)') }}
        order by coalesce(held.snapshot_day, loads.snapshot_day) desc
    ) = 1 as is_last_of_week
from held
full join loads on held.snapshot_table = loads.snapshot_table and held.snapshot_day = loads.snapshot_day
