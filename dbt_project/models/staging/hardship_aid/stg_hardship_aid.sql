with

source as (

    select * from {{ source('landing', 'hardship_aid') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        worker_token,
        hardship_cause,
        aid_kind,
        standard_cny,
        amount_cny,
        paid_on as paid_date

    from source

)

select * from final
