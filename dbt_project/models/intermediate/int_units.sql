with

register_rows as (

    select * from {{ ref('stg_unit_register') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where form_id = 'unit_register' and is_in_force

),

-- A register is handed in whole: the one of the newest period replaces all before, as in the view registers.unit.
register_in_force as (

    select submission_id
    from submissions
    order by period desc, version desc, submission_id desc
    limit 1

),

final as (

    select
        register_rows.unit_id,
        register_rows.unit_name,
        register_rows.short_name,
        register_rows.unit_kind,
        register_rows.parent_id,
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
