{#- The last columns of every metric model, from a record-grain model that names its record: see docs/metrics.md, "Add a metric". -#}
{% macro receipt() -%}
reason is null as counted,
    source,
    record_type,
    record_id,
    record_url,
    record_label
{%- endmacro %}

{#- link to a HubSpot record; object type ids: 0-1 contacts, 0-2 companies, 0-3 deals, 0-47 meetings, 0-48 calls -#}
{% macro hubspot_url(type_id, id) -%}
    (
        select 'https://' || coalesce(nullif(trim(ui_domain), ''), 'app.hubspot.com') || '/contacts/' || portal_id || '/record/{{ type_id }}/'
        from {{ ref('stg_hubspot__account') }}
        limit 1
    ) || {{ id }}
{%- endmacro %}

{#- link to an Autotask ticket in the zone's own web application -#}
{% macro autotask_ticket_url(ticket_id) -%}
    (
        select regexp_extract(web_url, '^https?://[^/]+') || '/Mvc/ServiceDesk/TicketDetail.mvc?ticketId='
        from {{ ref('stg_autotask__account') }}
        limit 1
    ) || {{ ticket_id }}
{%- endmacro %}

{#- link to a Smartlead campaign -#}
{% macro smartlead_campaign_url(campaign_id) -%}
    'https://app.smartlead.ai/app/email-campaign/' || {{ campaign_id }} || '/analytics'
{%- endmacro %}
