{#- What the snapshots need beside dbt's own macros: the instant of recording, and a definition's fingerprint. -#}

{#- dbt's "now" of a snapshot (for rows that are gone): the instant at which this build records, never the machine's clock. By name: a snapshot knows only its own relation -#}
{% macro duckdb__snapshot_get_time() -%}
    (select recorded_at from intermediate.int_scorecard__recording)
{%- endmacro %}

{#- the newest instant that the snapshots hold, null before the first build; read by name, as they stand after everything else -#}
{% macro last_recorded() -%}
    {%- set instants = [] -%}
    {%- if execute -%}
        {%- for name in ['scorecard_periods', 'scorecard_records', 'scorecard_definitions'] -%}
            {%- set relation = adapter.get_relation(database=target.database, schema='snapshots', identifier=name) -%}
            {%- if relation -%}
                {%- do instants.append('select max(greatest(dbt_valid_from, dbt_valid_to)) as instant from ' ~ relation) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if instants -%}
        (select max(instant) from ({{ instants | join(' union all ') }}))
    {%- else -%}
        cast(null as timestamptz)
    {%- endif -%}
{%- endmacro %}

{#-
    The last part of what a snapshot records: a build whose clock lies before what is recorded already looks at history and does not
    write it, so it hands the snapshot its own current rows and dbt finds no difference.
-#}
{% macro or_as_recorded(snapshot, columns) -%}
    {%- set recorded = adapter.get_relation(database=target.database, schema='snapshots', identifier=snapshot) if execute -%}
    {%- if recorded %}
union all

select {{ columns | join(', ') }}
from {{ recorded }}
where
    dbt_valid_to is null
    and not (select is_recorded from {{ ref('int_scorecard__recording') }})
    {%- endif -%}
{%- endmacro %}

{#- the node and everything that it stands on -#}
{% macro lineage(node) -%}
    {%- set found = [node.unique_id] -%}
    {%- set nodes = [] -%}
    {%- for id in found -%}
        {%- set one = graph.nodes.get(id) -%}
        {%- if one -%}
            {%- do nodes.append(one) -%}
            {%- for parent in one.depends_on.nodes or [] if parent not in found -%}{%- do found.append(parent) -%}{%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(nodes) }}
{%- endmacro %}

{#- a text that changes when the SQL (or seed) of the node, or of anything that it stands on, changes -#}
{% macro definition_fingerprint(node) -%}
    {%- set checksums = [] -%}
    {%- for one in lineage(node) -%}{%- do checksums.append(one.unique_id ~ one.checksum.checksum) -%}{%- endfor -%}
    {{ local_md5(checksums | sort | join) }}
{%- endmacro %}

{#- a text that changes with the SQL alone: a person who is new in people.csv computes nothing otherwise, nor does a comment -#}
{% macro sql_fingerprint(node) -%}
    {%- set texts = [] -%}
    {%- for one in lineage(node) if one.resource_type == 'model' -%}
        {%- set code = modules.re.sub('--[^\n]*|\{#(.|\n)*?#\}', ' ', one.raw_code) -%}
        {%- do texts.append(one.unique_id ~ modules.re.sub('\s+', ' ', code) | trim) -%}
    {%- endfor -%}
    {{ local_md5(texts | sort | join) }}
{%- endmacro %}

{#- the same for company.toml; the addresses of mails and pages change no number -#}
{% macro settings_fingerprint() -%}
    {%- set settings = [] -%}
    {%- if execute -%}
        {%- set rows = run_query("select name, value from config.settings where not regexp_matches(name, '^(mail|pages)\\.') order by 1, 2") -%}
        {%- for row in rows.rows -%}{%- do settings.append(row[0] ~ '=' ~ row[1]) -%}{%- endfor -%}
    {%- endif -%}
    '{{ local_md5(settings | join) if execute }}'
{%- endmacro %}
