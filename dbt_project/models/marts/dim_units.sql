with

units as (

    select * from {{ ref('int_units') }}

),

groups as (

    select * from {{ ref('int_units') }}
    where unit_kind = 'group'

),

final as (

    select distinct on (units.unit_id, units.valid_from_date)
        units.unit_id,
        units.valid_from_date as valid_from,
        units.valid_to_date as valid_to,
        units.unit_name,
        units.short_name,
        units.unit_kind,
        case units.unit_kind when 'province' then 'province' when 'group' then 'group' else 'unit' end as org_level,
        units.parent_id,
        groups.unit_id as group_id,
        groups.short_name as group_name,
        units.credit_code

    from units
    left join groups
        on units.parent_id = groups.unit_id
    order by
        units.unit_id asc,
        units.valid_from_date asc,
        -- Named as the group was at the end of the span, or is now.
        least(units.valid_to_date, current_date) between groups.valid_from_date
        and coalesce(groups.valid_to_date, 'infinity'::date) desc,
        groups.valid_from_date desc

)

select * from final
