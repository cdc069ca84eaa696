select
    {{ clock() }} as as_of,
    cast({{ week_start(today()) }} - 7 as date) as finished_week,
    {{ setting('company.name') }} as company_name,
    {{ setting('company.time_zone') }} as time_zone,
    {{ setting('company.currency') }} as currency
