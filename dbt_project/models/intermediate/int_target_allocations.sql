{{ config(tags=['every_night']) }}
with

allocation_rows as (

    select * from {{ ref('stg_target_allocation') }}

),

allocation_in_force as (

    {{ register_in_force('target_allocation') }}

),

final as (

    select
        allocation_rows.target_id,
        allocation_rows.org_id,
        allocation_rows.target_period as period,
        allocation_rows.target_value::numeric(38, 10) as target_value

    from allocation_rows
    inner join allocation_in_force
        on allocation_rows.submission_id = allocation_in_force.submission_id

)

select * from final
