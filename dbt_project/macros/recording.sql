{#- What the snapshots need beside dbt's own macros: the instant of recording, and a definition's fingerprint. -#}

{#- dbt's "now" of a snapshot (for rows that are gone): the instant at which this build records, never the machine's clock. By name: a snapshot knows only its own relation -#}
{% macro duckdb__snapshot_get_time() -%}
    (select recorded_at from intermediate.int_scorecard__recording)
{%- endmacro %}

{#- the newest instant that the snapshots hold, null before the first build; read by name, because they are built after everything else -#}
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

{#- The models, seeds and snapshots that `node` is computed from, and `node` itself. -#}
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

{#-
    A digest of what a model or macro computes. It changes when its SQL changes, or that of a model or macro it uses. It does not change
    with comments, whitespace, the config block, or the name of any model or macro: each name is replaced by the digest of what it names.
    `seen` keeps the digests: the metrics share their helpers.
-#}
{% macro meaning_of(unique_id, seen) %}
    {%- if unique_id not in seen -%}
        {%- do seen.update({unique_id: ''}) -%}  {#- a macro may call itself -#}
        {%- set name = unique_id.split('.') | last -%}
        {%- set one = context[name].macro if unique_id.startswith('macro.') else graph.nodes[unique_id] -%}
        {%- set sub = modules.re.sub -%}
        {%- set text = namespace(code=sub('--[^\n]*|\\{#(.|\n)*?#\\}|\\{\\{\\s*config\\([^)]*\\)\\s*\\}\\}', ' ', one.macro_sql or one.raw_code)) -%}
        {%- set text.code = sub('\\s*([^\\w\\s])\\s*', '\\1', sub('\\s+', ' ', text.code)) | trim -%}
        {%- set used = [] -%}
        {%- for id in (one.depends_on.macros or []) + (one.depends_on.nodes or []) -%}
            {%- if id.startswith(('macro.' ~ project_name ~ '.', 'model.' ~ project_name ~ '.')) -%}
                {%- do used.append(meaning_of(id, seen)) -%}
                {%- set text.code = sub('\\b' ~ id.split('.')[-1] ~ '\\b', used[-1], text.code) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if one.macro_sql -%}
            {#- the models that a macro names are among those of the models that call it -#}
            {%- set text.code = sub('\\b(' ~ name ~ '|(stg|int)_\\w+)\\b', '', text.code) -%}
        {%- endif -%}
        {%- do seen.update({unique_id: local_md5(text.code ~ used | unique | sort | join)}) -%}
    {%- endif -%}
    {{ return(seen[unique_id]) }}
{% endmacro %}

{#- What `sql_fingerprint` digests, as a number: raise it when `meaning_of` changes. Fingerprints of two algorithms can't be compared. -#}
{% macro fingerprint_algorithm() -%}2{%- endmacro %}

{#- A text that changes with the SQL alone: a person added to people.csv changes no SQL. -#}
{% macro sql_fingerprint(node, seen) -%}
    {{ fingerprint_algorithm() }}:{{ meaning_of(node.unique_id, seen) }}
{%- endmacro %}

{#- The algorithm of a recorded fingerprint; the first one wrote no number. -#}
{% macro algorithm_of(column) -%}
    regexp_extract({{ column }}, '^(\d+):', 1)
{%- endmacro %}

{#- A text that changes with the SQL or with a seed that it reads. -#}
{% macro definition_fingerprint(node, seen) -%}
    {%- set checksums = [meaning_of(node.unique_id, seen)] -%}
    {%- for one in lineage(node) if one.resource_type == 'seed' -%}{%- do checksums.append(one.checksum.checksum) -%}{%- endfor -%}
    {{ local_md5(checksums | sort | join) }}
{%- endmacro %}

{#-
    The settings that a model reads, by itself or through the models and macros it uses: their names are in quotes in the code.
    `seen` keeps them: the metrics share their helpers.
-#}
{% macro settings_read_by(unique_id, seen) %}
    {%- if unique_id not in seen -%}
        {%- do seen.update({unique_id: []}) -%}  {#- a macro may call itself -#}
        {%- set one = context[unique_id.split('.') | last].macro if unique_id.startswith('macro.') else graph.nodes[unique_id] -%}
        {%- set code = one.macro_sql or one.raw_code or '' -%}
        {%- set found = [] -%}
        {%- for name in seen['names'] if "'" ~ name ~ "'" in code -%}{%- do found.append(name) -%}{%- endfor -%}
        {%- for id in (one.depends_on.macros or []) + (one.depends_on.nodes or []) -%}
            {%- if id.startswith(('macro.' ~ project_name ~ '.', 'model.' ~ project_name ~ '.')) -%}
                {%- do found.extend(settings_read_by(id, seen)) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- do seen.update({unique_id: found | unique | list}) -%}
    {%- endif -%}
    {{ return(seen[unique_id]) }}
{% endmacro %}

{#- name -> its values, of every setting -#}
{% macro all_settings() %}
    {%- set found = {} -%}
    {%- if execute -%}
        {%- for row in run_query('select name, value from config.settings order by rowid').rows -%}
            {%- do found.setdefault(row[0], []).append(row[1]) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found) }}
{% endmacro %}

{#-
    A text that changes with the settings that each metric depends on, by its name: those its SQL reads, and those of its sources that no
    SQL reads, because they say what is loaded. A version or a request limit changes no number.
-#}
{% macro settings_fingerprints(metrics) %}
    {%- set settings = all_settings() -%}
    {%- set seen = {'names': settings.keys() | list} -%}
    {%- set anywhere = [] -%}
    {%- for metric in metrics -%}{%- do anywhere.extend(settings_read_by(metric.node.unique_id, seen)) -%}{%- endfor -%}
    {%- set loaded = [] -%}
    {%- for name in settings if name not in anywhere and not modules.re.search('_version$|\\.requests_|\\.operations_', name) -%}
        {%- do loaded.append(name) -%}
    {%- endfor -%}
    {%- set found = {} -%}
    {%- for metric in metrics -%}
        {%- set read = seen[metric.node.unique_id] + metric.meta.get('figures', []) -%}
        {%- set texts = [] -%}
        {%- for name in settings | sort if name in read or (name in loaded and name.split('.')[0] in metric.meta.sources) -%}
            {%- do texts.append(name ~ '=' ~ settings[name] | join(',')) -%}
        {%- endfor -%}
        {%- do found.update({metric.name: local_md5(texts | join('|'))}) -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}

{#- A text that changes with company.toml; mails, pages and how an amount is written change no number. -#}
{% macro settings_fingerprint() -%}
    {%- set settings = [] -%}
    {%- if execute -%}
        {%- set rows = run_query("select name, value from config.settings where not regexp_matches(name, '^(mail|pages|format)\\.') order by 1, 2") -%}
        {%- for row in rows.rows -%}{%- do settings.append(row[0] ~ '=' ~ row[1]) -%}{%- endfor -%}
    {%- endif -%}
    '{{ local_md5(settings | join) if execute }}'
{%- endmacro %}
