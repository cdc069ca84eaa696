{#- The staging of an ad platform: dlt_pipelines/kinds/ads/ gives all of them the same raw tables. `raw`: the dbt source, `raw_google_ads`. -#}
{% macro staged_ad_accounts(raw) -%}
select
    id as account_id,
    name as account_name,
    currency,
    status as account_status,
    refused as refused_because,
    -- a zone that nobody knows would stop the build
    case when time_zone in (select name from pg_timezone_names()) then time_zone end as time_zone
from {{ source(raw, 'accounts') }}
{%- endmacro %}

{% macro staged_ad_campaigns(raw) -%}
select
    account_id,
    id as campaign_id,
    name as campaign_name,
    status as campaign_status,
    deleted_at is not null as is_deleted
from {{ source(raw, 'campaigns') }}
{%- endmacro %}

{% macro staged_ad_spend(raw) -%}
select
    account_id,
    campaign_id,
    campaign_name,
    day as spend_day,
    currency,
    {{ plausible('spend', 'money') }} as spend,
    {{ plausible('impressions', 'count') }} as impressions,
    {{ plausible('clicks', 'count') }} as clicks,
    {{ plausible('conversions', 'count') }} as conversions,
    {{ implausible_fields({'spend': ('spend', 'money'), 'conversions': ('conversions', 'count')}) }} as implausible,
    deleted_at is not null as is_deleted
from {{ source(raw, 'spend') }}
{%- endmacro %}
