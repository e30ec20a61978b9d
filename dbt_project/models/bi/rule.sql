{{ config(tags=['every_night']) }}
with

rules as (

    select * from {{ ref('stg_rules') }}

)

select * from rules
