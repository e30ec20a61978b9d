with

source as (

    select * from {{ source('landing', 'target_allocation') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        target_id,
        org_code as org_id,
        target_period,
        target_value

    from source

)

select * from final
