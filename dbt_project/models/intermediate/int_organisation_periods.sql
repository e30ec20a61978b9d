with

units as (

    select * from {{ ref('int_units') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

final as (

    select distinct
        case units.unit_kind when 'province' then 'province' when 'group' then 'group' else 'unit' end as org_level,
        units.unit_id as org_id,
        periods.period_type,
        periods.period

    from units
    inner join periods
        on
            units.valid_from_date <= periods.as_of_date
            and coalesce(units.valid_to_date, 'infinity'::date) >= periods.first_date

)

select * from final
