{{ config(materialized='view') }}

with

relief_measures as (

    select * from {{ ref('int_relief_measures') }}

),

hardship_aid_measures as (

    select * from {{ ref('int_hardship_aid_measures') }}

),

unit_profile_measures as (

    select * from {{ ref('int_unit_profile_measures') }}

),

unit_register_measures as (

    select * from {{ ref('int_unit_register_measures') }}

),

reporting_measures as (

    select * from {{ ref('int_reporting_measures') }}

),

final as (

    select * from relief_measures
    union all
    select * from hardship_aid_measures
    union all
    select * from unit_profile_measures
    union all
    select * from unit_register_measures
    union all
    select * from reporting_measures

)

select * from final
