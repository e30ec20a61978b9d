with

source as (

    select * from {{ source('landing', 'relief') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        campaign,
        beneficiary_group,
        beneficiary_unit as beneficiary_unit_id,
        funding_level,
        money_flow,
        persons as person_times,
        cash_cny,
        goods_cny,
        given_on as given_date

    from source

)

select * from final
