-- when the snapshots record what this build publishes. Builds at the same (set) clock differ by a microsecond,
-- so that each version has an instant of its own. A build whose clock lies before the last recording records nothing
select
    greatest({{ clock() }}, {{ last_recorded() }} + interval 1 microsecond) as recorded_at,
    coalesce({{ clock() }} > {{ last_recorded() }} - interval 1 second, true) as is_recorded
