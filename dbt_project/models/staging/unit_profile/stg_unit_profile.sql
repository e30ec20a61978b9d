with

source as (

    select * from {{ source('landing', 'unit_profile') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        employees,
        female_employees,
        members,
        teams,
        team_leaders,
        smart_union_status,
        congress_held_on as congress_date,
        contract_signed_on as contract_date,
        contract_covered_employees

    from source

)

select * from final
