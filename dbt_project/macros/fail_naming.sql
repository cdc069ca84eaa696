{#-
    For tests of files that people edit: fails with an error whose text names the rows, because "got 2 results" helps nobody.
    `problems` is a relation with one text column `problem`. The error is raised in the filter, where no optimiser may drop it.
-#}
{% macro fail_naming(file, problems) -%}
select named.problems
from (
    select string_agg(problem, '; ' order by problem) as problems
    from {{ problems }}
) as named
where
    named.problems is not null
    and case when named.problems is not null then error('{{ file }}: ' || named.problems) end is null
{%- endmacro %}
