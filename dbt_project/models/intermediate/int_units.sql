with

register_rows as (

    select * from {{ ref('stg_unit_register') }}

),

-- As in the view registers.unit.
register_in_force as (

    {{ register_in_force('unit_register') }}

),

final as (

    select
        register_rows.unit_id,
        register_rows.unit_name,
        register_rows.short_name,
        register_rows.unit_kind,
        register_rows.parent_id,
        register_rows.successor_id,
        register_rows.credit_code,
        register_rows.valid_from_date,
        register_rows.valid_to_date,
        register_rows.submission_id,
        register_rows.row_number

    from register_rows
    inner join register_in_force
        on register_rows.submission_id = register_in_force.submission_id

)

select * from final
