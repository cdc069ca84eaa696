{#-
    Fields of vendors that are compared with words or ids, and what each may hold: the words that the vendor's API documents (`values`), or
    what the vendor itself lists (`listed`: a query of one column) and company.toml names (`setting`). Anything else was renamed or added by
    the vendor, and nobody knows what it means: int_sources__unread says on which days its records (`id`) may count. `days`: where they
    would; `since`: the day from which on every day shows the record as it is now; `where`: which records count at all.

    A word that a company has looked at is a line of `known_values` in the vendor's section of company.toml: "calls.direction: OUTGOING".
    Lists that the company itself keeps (pipelines, queues that count, kinds of mails) are not here: marts.fct_unmapped names what they
    lack.
-#}
{% macro known_values() -%}
    {%- set updated = local_day('updated_at') -%}
    {{ return([
        {
            'table': 'hubspot.calls', 'field': 'direction', 'id': 'call_id', 'where': 'not is_deleted',
            'days': ['call_day'],
            'values': ['inbound', 'outbound']
        },
        {
            'table': 'hubspot.calls', 'field': 'outcome_id', 'id': 'call_id', 'where': 'not is_deleted',
            'days': ['call_day'], 'setting': 'hubspot.connected_outcomes',
            'listed': 'select outcome_id from ' ~ ref('stg_hubspot__call_outcomes')
        },
        {
            'table': 'hubspot.meetings', 'field': 'outcome', 'id': 'meeting_id', 'where': 'not is_deleted',
            'days': ['created_day', 'start_day'],
            'values': ['scheduled', 'completed', 'rescheduled', 'no_show', 'canceled']
        },
        {
            'table': 'hubspot.emails', 'field': 'direction', 'id': 'email_id', 'where': 'not is_deleted',
            'days': ['coalesce(sent_day, created_day)'],
            'values': ['email', 'incoming_email', 'forwarded_email']
        },
        {
            'table': 'hubspot.emails', 'field': 'email_status', 'id': 'email_id', 'where': 'not is_deleted',
            'days': ['coalesce(sent_day, created_day)'],
            'values': ['bounced', 'failed', 'scheduled', 'sending', 'sent']
        },
        {
            'table': 'hubspot.tasks', 'field': 'task_status', 'id': 'task_id', 'where': 'not is_deleted',
            'days': ['created_day', 'completed_day', updated],
            'values': ['not_started', 'in_progress', 'waiting', 'deferred', 'completed']
        },
        {
            'table': 'hubspot.deals', 'field': 'stage_id', 'id': 'deal_id', 'days': ['created_day', 'updated_day'], 'since': 'updated_day',
            'where': 'not is_deleted and ' ~ in_setting('pipeline_id', 'hubspot.pipelines'),
            'listed': 'select stage_id from ' ~ ref('stg_hubspot__deal_stages')
        },
        {
            'table': 'autotask.tickets', 'field': 'status_id', 'id': 'ticket_id', 'where': 'not is_deleted',
            'days': ['opened_day', 'completed_day', local_day('last_activity_at')], 'setting': 'autotask.complete_status_ids',
            'listed': 'select value from ' ~ ref('stg_autotask__picklists') ~ " where lower(entity) = 'tickets' and lower(field) = 'status'"
        },
        {
            'table': 'autotask.tickets', 'field': 'queue_id', 'id': 'ticket_id', 'where': 'not is_deleted',
            'days': ['opened_day', 'completed_day', local_day('last_activity_at')], 'setting': 'autotask.reactive_queue_ids',
            'listed': 'select value from ' ~ ref('stg_autotask__picklists') ~ " where lower(entity) = 'tickets' and lower(field) = 'queueid'"
        },
        {
            'table': 'zendesk.tickets', 'field': 'status', 'id': 'ticket_id', 'where': 'not is_deleted',
            'days': ['created_day', local_day('solved_at'), updated],
            'values': ['new', 'open', 'pending', 'hold', 'solved', 'closed', 'deleted']
        },
        {
            'table': 'zendesk.open_tickets', 'field': 'status', 'id': 'ticket_id', 'days': ['snapshot_day'],
            'values': ['new', 'open', 'pending', 'hold', 'solved', 'closed']
        },
        {
            'table': 'intercom.conversations', 'field': 'state', 'id': 'conversation_id', 'where': 'not is_deleted',
            'days': ['created_day', local_day('last_close_at'), updated],
            'values': ['open', 'closed', 'snoozed']
        },
        {
            'table': 'intercom.conversations', 'field': 'delivered_as', 'id': 'conversation_id', 'where': 'not is_deleted',
            'days': ['created_day', local_day('last_close_at'), updated],
            'values': ['customer_initiated', 'campaigns_initiated', 'operator_initiated', 'automated', 'admin_initiated']
        },
        {
            'table': 'intercom.open_conversations', 'field': 'state', 'id': 'conversation_id', 'days': ['snapshot_day'],
            'values': ['open', 'closed', 'snoozed']
        },
        {
            'table': 'intercom.open_conversations', 'field': 'delivered_as', 'id': 'conversation_id', 'days': ['snapshot_day'],
            'values': ['customer_initiated', 'campaigns_initiated', 'operator_initiated', 'automated', 'admin_initiated']
        },
        {
            'table': 'justcall.calls', 'field': 'direction', 'id': 'call_id', 'days': ['call_day'],
            'values': ['incoming', 'outgoing']
        },
        {
            'table': 'justcall.calls', 'field': 'call_type', 'id': 'call_id', 'days': ['call_day'],
            'values': [
                'answered', 'unanswered', 'missed', 'voicemail', 'abandoned', 'busy', 'failed', 'cancelled', 'canceled', 'blocked',
                'restricted',
            ]
        },
        {
            'table': 'copper.opportunities', 'field': 'status', 'id': 'opportunity_id', 'where': 'not is_deleted',
            'days': ['created_day', 'stage_changed_day', 'close_day', updated], 'since': updated,
            'values': ['open', 'won', 'lost', 'abandoned']
        },
        {
            'table': 'copper.activities', 'field': 'category', 'id': 'activity_id', 'where': 'not is_deleted',
            'days': ['activity_day'],
            'values': ['user', 'system']
        },
        {
            'table': 'smartlead.campaign_stats', 'field': 'status', 'id': 'campaign_id', 'days': ['snapshot_date'],
            'values': ['drafted', 'active', 'completed', 'stopped', 'paused', 'archived']
        },
        {
            'table': 'billcom.bills', 'field': 'approval_status', 'id': 'bill_id', 'days': ['created_day', updated],
            'values': ['unassigned', 'assigned', 'approving', 'approved', 'denied']
        },
        {
            'table': 'billcom.bills', 'field': 'payment_status', 'id': 'bill_id', 'days': ['created_day', updated],
            'values': ['unpaid', 'paid', 'scheduled', 'in_process', 'partially_paid', 'partial', 'undefined']
        },
        {
            'table': 'billcom.pending_bills', 'field': 'approval_status', 'id': 'bill_id', 'days': ['snapshot_date'],
            'values': ['assigned', 'approving']
        },
        {
            'table': 'billcom.vendor_states', 'field': 'network_status', 'id': 'vendor_id', 'days': ['snapshot_date'],
            'values': ['not_connected', 'pending', 'connected', 'connected_rpps']
        },
        {
            'table': 'billcom.vendor_states', 'field': 'bank_account_status', 'id': 'vendor_id', 'days': ['snapshot_date'],
            'values': ['no_account', 'net_linked_account', 'no_net_linked_account', 'undefined']
        },
        {
            'table': 'billcom.vendor_states', 'field': 'pay_by_type', 'id': 'vendor_id', 'days': ['snapshot_date'],
            'values': ['check', 'ach', 'wallet', 'rpps', 'virtual_card', 'international_e_payment', 'offline', 'undefined']
        },
        {
            'table': 'datto_rmm.devices', 'field': 'device_class', 'id': 'device_uid', 'days': ['snapshot_day'],
            'values': ['device', 'printer', 'esxihost', 'rmmnetworkdevice', 'unknown']
        },
        {
            'table': 'datto_rmm.devices', 'field': 'antivirus_status', 'id': 'device_uid', 'days': ['snapshot_day'],
            'values': ['runninganduptodate', 'runningandnotuptodate', 'notrunning', 'notdetected']
        },
        {
            'table': 'datto_rmm.devices', 'field': 'patch_status', 'id': 'device_uid', 'days': ['snapshot_day'],
            'values': ['nopolicy', 'nodata', 'rebootrequired', 'installerror', 'approvedpending', 'fullypatched']
        },
        {
            'table': 'datto_bcdr.assets', 'field': 'last_backup_status', 'id': 'device_serial_number || asset_key',
            'days': ['snapshot_day'],
            'values': ['success', 'failure', 'error']
        },
    ]) }}
{%- endmacro %}

{#- whether a value is neither of the list of a field of `known_values()` nor of the company's own -#}
{% macro is_unknown_value(field) -%}
    {%- set source, table_name = field.table.split('.') -%}
    {%- set value = 'lower(trim(cast(' ~ field.field ~ ' as text)))' -%}
    {%- set known = "'" ~ table_name ~ '.' ~ field.field ~ ": ' || " ~ value -%}
    {{ value }} <> ''
    {%- if field.where %}
    and {{ field.where }}
    {%- endif %}
    {%- if field.listed %}
    -- a list that could not be read says nothing
    and {{ value }} not in (select lower(trim(cast(columns(*) as text))) from ({{ field.listed }}))
    and exists ({{ field.listed }})
    {%- else %}
    and {{ value }} not in ('{{ field['values'] | join("', '") }}')
    {%- endif %}
    {%- if field.setting %}
    and not {{ in_setting(value, field.setting) }}
    {%- endif %}
    and not {{ in_setting(known, source ~ '.known_values') }}
{%- endmacro %}

{#- the note of a number about values that nobody can read. Columns expected: n (records), what (their table), field, words (null: not words) -#}
{% macro unread_text() -%}
    n || ' of the ' || what || ': ' || field
    || case
        when words is null then ' cannot be read'
        else ' is not known (' || array_to_string(words[:3], '; ') || case when len(words) > 3 then '; ...)' else ')' end
    end
{%- endmacro %}
