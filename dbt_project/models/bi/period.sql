{{ config(tags=['every_night']) }}
with

periods as (

    select * from {{ ref('dim_periods') }}

)

select * from periods
