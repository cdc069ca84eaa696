{%- set platforms = {'google_ads': 'Google Ads', 'meta_ads': 'Meta Ads', 'linkedin_ads': 'LinkedIn Ads'} -%}
-- the day stays the ad account's own, and money its account's: only what is in the company's currency may be added
with days as (
    {% for platform in platforms -%}
    select
        '{{ platform }}' as source,
        '{{ platform }}' as platform,
        spend.account_id,
        accounts.account_name,
        spend.campaign_id,
        coalesce(campaigns.campaign_name, spend.campaign_name) as campaign_name,
        campaigns.campaign_status,
        spend.spend_day as occurred_on,
        spend.spend,
        spend.currency,
        spend.impressions,
        spend.clicks,
        spend.conversions,
        spend.implausible,
        -- while the account's day runs the platform still counts
        spend.spend_day < cast(timezone(coalesce(accounts.time_zone, {{ setting('company.time_zone') }}), {{ clock() }}) as date)
            as is_day_over,
        case when spend.is_deleted then 'withdrawn' end as withdrawn,
        concat_ws(':', '{{ platform }}', spend.account_id, spend.campaign_id, spend.spend_day) as record_id
    from {{ ref('stg_' ~ platform ~ '__spend') }} as spend
    left join {{ ref('stg_' ~ platform ~ '__accounts') }} as accounts on spend.account_id = accounts.account_id
    left join {{ ref('stg_' ~ platform ~ '__campaigns') }} as campaigns
        on spend.account_id = campaigns.account_id and spend.campaign_id = campaigns.campaign_id
    union all
    {% endfor -%}
    select
        'ad_spend_csv' as source,
        platform,
        cast(null as text) as account_id,
        cast(null as text) as account_name,
        campaign_id,
        campaign_name,
        cast(null as text) as campaign_status,
        spend_day as occurred_on,
        spend,
        currency,
        impressions,
        clicks,
        conversions,
        implausible,
        spend_day < {{ today() }} as is_day_over,
        -- the same campaign and day in a later file is a correction
        case
            when row_number() over (partition by platform, campaign_id, spend_day order by file desc, line desc) > 1 then 'corrected'
        end as withdrawn,
        file || ':' || line as record_id
    from {{ ref('stg_ad_spend_csv__spend') }}
),

-- a day that both a platform's API and a file have may be the same money twice, or that of another account: nobody knows
both_ways as (
    select distinct files.record_id
    from days as files
    inner join days as apis
        on
            files.source = 'ad_spend_csv' and apis.source <> 'ad_spend_csv' and apis.withdrawn is null
            and files.occurred_on = apis.occurred_on
            and regexp_replace(regexp_replace(files.platform, '\W+', '_', 'g'), '_ads$', '') || '_ads' = apis.platform
),

judged as (
    select
        days.*,
        case
            when days.withdrawn is not null then days.withdrawn
            when both_ways.record_id is not null then 'also_read_by_api'
            when list_contains(days.implausible, 'spend') then 'implausible_amount'
            when days.spend is null then 'no_number'
            when coalesce(days.currency <> {{ setting('company.currency') }}, true) then 'other_currency'
        end as reason
    from days
    left join both_ways on days.source = 'ad_spend_csv' and days.record_id = both_ways.record_id
),

weeks as (
    select distinct least(week_start + 6, {{ today() }}) as last_day
    from {{ ref('int_calendar__days') }}
    where day <= {{ today() }}
),

told as (
    select
        platform,
        account_id,
        max(occurred_on) as last_day
    from days
    group by platform, account_id
),

-- a week of an account that refuses to be read: what it spent since its last day is unknown
refused as (
    {% for platform in platforms -%}
    select
        '{{ platform }}' as source,
        '{{ platform }}' as platform,
        accounts.account_id,
        accounts.account_name,
        weeks.last_day as occurred_on,
        'account_refused' as reason,
        concat_ws(':', '{{ platform }}', accounts.account_id, weeks.last_day) as record_id,
        accounts.refused_because as record_label
    from {{ ref('stg_' ~ platform ~ '__accounts') }} as accounts
    cross join weeks
    left join told on told.platform = '{{ platform }}' and accounts.account_id = told.account_id
    where accounts.refused_because is not null and (told.last_day is null or weeks.last_day > told.last_day)
    {{ 'union all' if not loop.last }}
    {% endfor -%}
),

found as (
    select * from judged
    union all by name
    select * from refused
)

select
    source,
    platform,
    account_id,
    account_name,
    campaign_id,
    campaign_name,
    campaign_status,
    occurred_on,
    spend,
    currency,
    case when reason is null then spend end as company_spend,
    impressions,
    clicks,
    conversions,
    is_day_over,
    reason,
    'ad_spend' as record_type,
    record_id,
    cast(null as text) as record_url,
    coalesce(
        record_label,
        concat_ws(
            ', ',
            campaign_name,
            case platform
                {% for name, label in platforms.items() -%}
                when '{{ name }}' then '{{ label }}'
                {% endfor -%}
                else {{ words('platform') }}
            end,
            {{ money_text('spend', 'currency') }}
        )
    ) as record_label
from found
