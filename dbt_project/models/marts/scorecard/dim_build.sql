select
    {{ clock() }} as as_of,
    -- the moment of the build itself: where the clock is set by hand (demo, tests), both can differ
    current_timestamp as built_at,
    cast({{ week_start(today()) }} - 7 as date) as finished_week,
    {{ setting('company.name') }} as company_name,
    {{ setting('company.time_zone') }} as time_zone,
    {{ setting('company.currency') }} as currency
