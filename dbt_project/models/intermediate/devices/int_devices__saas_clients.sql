-- the clients of SaaS Protection and how many of their services had no backup in the 48 hours before the last snapshot of each week
with days as (
    select snapshot_day
    from {{ ref('int_sources__snapshot_days') }}
    where snapshot_table = 'datto_bcdr.saas_backups' and is_last_of_week
),

-- the vendor counts services and does not name them: of the two newest windows of 24 hours the better one counts
apps as (
    select
        backups.snapshot_day,
        backups.customer_id,
        backups.app_type,
        -- null: the vendor gives no number, which is not zero
        arg_min(backups.active_services, backups.window_age_days) as services,
        case
            when count(*) filter (where backups.window_age_days <= 1) = 0 then 0
            else max(backups.services_with_backup) filter (where backups.window_age_days <= 1)
        end as backed_up
    from {{ ref('stg_datto_bcdr__saas_backups') }} as backups
    inner join days on backups.snapshot_day = days.snapshot_day
    where backups.is_loaded and backups.window_age_days is not null
    group by backups.snapshot_day, backups.customer_id, backups.suite_type, backups.app_type
),

per_client as (
    select
        snapshot_day,
        customer_id,
        sum(services) as services,
        bool_or(services is null or backed_up is null) as is_unknown,
        coalesce(sum(greatest(services - backed_up, 0)), 0) as failing_services,
        string_agg(
            case
                when services > backed_up
                    then replace(app_type, 'Office365', 'Microsoft 365 ') || ' ' || services - backed_up || ' of ' || services
            end,
            ', ' order by app_type
        ) as failing_apps
    from apps
    group by snapshot_day, customer_id
),

refused as (
    select distinct
        snapshot_day,
        customer_id
    from {{ ref('stg_datto_bcdr__saas_backups') }}
    where not is_loaded
),

clients as (
    select
        domains.snapshot_day,
        domains.customer_id
    from {{ ref('stg_datto_bcdr__saas_domains') }} as domains
    inner join days on domains.snapshot_day = days.snapshot_day

    union

    select
        snapshot_day,
        customer_id
    from per_client
)

select
    clients.snapshot_day as occurred_on,
    clients.customer_id,
    coalesce(domains.client_name, domains.domain, cast(clients.customer_id as text)) as client_name,
    coalesce(per_client.failing_services, 0) > 0 as is_failing,
    case
        when per_client.customer_id is null and domains.seats_used = 0 and refused.customer_id is null then 'no_active_services'
        when per_client.customer_id is null or (per_client.is_unknown and per_client.failing_services = 0) then 'not_loaded'
        when per_client.services = 0 then 'no_active_services'
        when per_client.failing_services = 0 then 'ok'
    end as reason,
    'datto_bcdr' as source,
    'saas_client' as record_type,
    cast(clients.customer_id as text) as record_id,
    cast(null as text) as record_url,
    concat_ws(
        ', ',
        coalesce(domains.client_name, domains.domain, cast(clients.customer_id as text)),
        'without backup: ' || per_client.failing_apps,
        domains.seats_used || ' seats'
    ) as record_label
from clients
left join per_client on clients.snapshot_day = per_client.snapshot_day and clients.customer_id = per_client.customer_id
left join refused on clients.snapshot_day = refused.snapshot_day and clients.customer_id = refused.customer_id
left join {{ ref('stg_datto_bcdr__saas_domains') }} as domains
    on clients.snapshot_day = domains.snapshot_day and clients.customer_id = domains.customer_id
