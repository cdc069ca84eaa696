-- the people of a line, each with the days that count for it: a person who changes team takes along what they do from then on, and
-- the line keeps what they did for it. "maya until 2025-10-19; victor from 2025-10-20; noor": without a date, always
with named as (
    select
        line_id,
        trim(unnest(string_split(people, ';'))) as said,
        generate_subscripts(string_split(people, ';'), 1) as position
    from {{ ref('scorecard_lines') }}
)

select
    line_id,
    position,
    trim(regexp_replace(said, '(\s+(from|until)\s+\d{4}-\d{2}-\d{2})+$', '', 'i')) as person_key,
    coalesce(cast(nullif(regexp_extract(said, '\sfrom\s+(\d{4}-\d{2}-\d{2})', 1, 'i'), '') as date), date '0001-01-01') as counts_from,
    coalesce(cast(nullif(regexp_extract(said, '\suntil\s+(\d{4}-\d{2}-\d{2})', 1, 'i'), '') as date), date '9999-12-31') as counts_until
from named
where said <> ''
