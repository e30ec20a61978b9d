{{ config(tags=['every_night'], indexes=[{'columns': ['org_name']}]) }}
with

units as (

    select * from {{ ref('dim_units') }}

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

-- The span that holds tonight; else the last that began; else the first to come.
ranked as (

    select
        units.*,
        units.valid_from <= nights.business_date
        and coalesce(units.valid_to >= nights.business_date, true) as is_in_force,
        row_number() over (
            partition by units.unit_id
            order by
                units.valid_from <= nights.business_date desc,
                abs(units.valid_from - nights.business_date) asc
        ) as span_rank

    from units
    cross join nights

),

current_spans as (

    select * from ranked
    where span_rank = 1

),

province as (

    select * from current_spans
    where org_level = 'province'

),

final as (

    select
        current_spans.unit_id as org_id,
        current_spans.org_level,
        current_spans.unit_kind,
        -- The short name is what charts write, as long as it tells one from another.
        case
            when
                count(*) over (
                    partition by current_spans.org_level, coalesce(current_spans.short_name, current_spans.unit_name)
                ) > 1
                then coalesce(current_spans.short_name, current_spans.unit_name) || '（' || current_spans.unit_id || '）'
            else coalesce(current_spans.short_name, current_spans.unit_name)
        end as org_name,
        current_spans.unit_name as full_name,
        current_spans.parent_id,
        case current_spans.org_level
            when 'group' then current_spans.unit_id else current_spans.group_id
        end as group_id,
        case current_spans.org_level
            when 'group' then coalesce(current_spans.short_name, current_spans.unit_name) else current_spans.group_name
        end as group_name,
        (select max(province.unit_id) from province) as province_id,
        current_spans.is_in_force

    from current_spans

)

select * from final
