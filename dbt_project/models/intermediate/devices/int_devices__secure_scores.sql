-- each tenant's newest score of a week, on the week's last day that has any: a day that one tenant lacks does not change who is counted
with scores as (
    select
        *,
        {{ week_start('score_day') }} as week_start
    from {{ ref('stg_microsoft_graph__secure_scores') }}
),

weeks as (
    select
        week_start,
        max(score_day) as last_day
    from scores
    group by week_start
),

tenants as (
    select
        tenant_id,
        min(tenant_name) as tenant_name,
        min(not_read_because) as not_read_because
    from {{ ref('stg_microsoft_graph__tenants') }}
    group by tenant_id
),

everybody as (
    select tenant_id from tenants
    union
    select tenant_id from scores
),

newest as (
    select *
    from scores
    qualify row_number() over (partition by tenant_id, week_start order by score_day desc, scored_at desc) = 1
)

select
    weeks.last_day as occurred_on,
    newest.current_score,
    newest.max_score,
    case
        when newest.score_id is null or newest.current_score is null then 'no_score'
        when coalesce(newest.max_score, 0) <= 0 then 'no_max_score'
    end as reason,
    'microsoft_graph' as source,
    'tenant' as record_type,
    everybody.tenant_id as record_id,
    'https://security.microsoft.com/securescore?tid=' || everybody.tenant_id as record_url,
    concat_ws(
        ', ',
        coalesce(tenants.tenant_name, everybody.tenant_id),
        coalesce('score of ' || {{ day_text('newest.score_day') }}, tenants.not_read_because)
    ) as record_label
from weeks
cross join everybody
left join newest on weeks.week_start = newest.week_start and everybody.tenant_id = newest.tenant_id
left join tenants on everybody.tenant_id = tenants.tenant_id
