with

source as (

    select * from {{ source('landing', 'consumption_assistance') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_id,
        period,
        supplier_region,
        product,
        product_use,
        amount_cny,
        purchased_on as purchased_date

    from source

)

select * from final
