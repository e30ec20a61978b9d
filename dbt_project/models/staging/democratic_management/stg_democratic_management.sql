with

source as (

    select * from {{ source('landing', 'democratic_management') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        congress_sessions,
        proposals_raised,
        proposals_settled,
        contract_kinds,
        contract_covered_employees,
        open_affairs_items,
        disputes_mediated

    from source

)

select * from final
