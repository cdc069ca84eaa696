{#- The staging of an ad platform: dlt_pipelines/ads.py gives all of them the same raw tables. `raw`: the dbt source, `raw_google_ads`. -#}
{% macro staged_ad_accounts(raw) -%}
select
    id as account_id,
    name as account_name,
    currency,
    time_zone,
    status as account_status
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
    spend,
    impressions,
    clicks,
    conversions,
    deleted_at is not null as is_deleted
from {{ source(raw, 'spend') }}
{%- endmacro %}
