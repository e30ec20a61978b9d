with

source as (

    select * from {{ source('landing', 'service_site') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        site,
        site_kind,
        recognition,
        recognised_on as recognised_date,
        capacity,
        users,
        subsidy_cny

    from source

)

select * from final
