with

periods as (

    select * from {{ ref('dim_periods') }}

)

select * from periods
