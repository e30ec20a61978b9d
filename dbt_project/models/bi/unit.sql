with

units as (

    select * from {{ ref('dim_units') }}

)

select * from units
