select
    normals.line_id,
    normals.starts_on,
    normals.reason,
    coalesce(people.full_name, normals.entered_by) as author,
    normals.entered_at
from {{ ref('stg_scoreline__normals') }} as normals
inner join {{ ref('int_scorecard__lines') }} as lines on normals.line_id = lines.line_id
left join {{ ref('people') }} as people on normals.entered_by = people.person_key
