with

source as (

    select * from {{ source('landing', 'unit_register') }}

),

final as (

    select
        submission_id,
        row_number,
        unit_code as unit_id,
        unit_name,
        short_name,
        unit_kind,
        parent_code as parent_id,
        successor_code as successor_id,
        credit_code,
        valid_from as valid_from_date,
        valid_to as valid_to_date

    from source

)

select * from final
