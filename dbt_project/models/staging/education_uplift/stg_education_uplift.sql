with

source as (

    select * from {{ source('landing', 'education_uplift') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        worker_token,
        is_front_line,
        level_before,
        level_after,
        school,
        graduated_on as graduated_date,
        subsidy_cny

    from source

)

select * from final
