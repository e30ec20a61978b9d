with

changed_answers as (

    select * from {{ ref('int_changed_answers') }}

),

unit_months as (

    select * from {{ ref('int_unit_months') }}

),

answered_months as (

    select distinct
        form_id,
        unit_id,
        date_trunc('month', reference_date)::date as month_date

    from changed_answers
    where {{ is_scoped() }}

),

final as (

    select distinct
        answered_months.form_id,
        unit_months.basis,
        unit_months.org_level,
        unit_months.org_id,
        answered_months.month_date

    from answered_months
    inner join unit_months
        on
            answered_months.unit_id = unit_months.unit_id
            and answered_months.month_date = unit_months.month_date

)

select * from final
