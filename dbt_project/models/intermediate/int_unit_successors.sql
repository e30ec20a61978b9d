with recursive

units as (

    select * from {{ ref('int_units') }}

),

nights as (

    select * from {{ ref('int_nights_current') }}

),

-- Every unit as its newest span that has begun describes it; one that is still to come, as its first.
newest_spans as (

    select distinct on (units.unit_id)
        units.unit_id,
        units.parent_id,
        case when units.valid_to_date < nights.business_date then units.successor_id end as successor_id

    from units
    cross join nights
    order by
        units.unit_id asc,
        units.valid_from_date <= nights.business_date desc,
        case when units.valid_from_date <= nights.business_date then units.valid_from_date end desc,
        units.valid_from_date asc

),

-- A successor may have one itself. A circle in the register ends where it would begin again.
chains as (

    select
        unit_id,
        unit_id as current_unit_id,
        array[unit_id] as passed_ids

    from newest_spans

    union all

    select
        chains.unit_id,
        successors.unit_id as current_unit_id,
        chains.passed_ids || successors.unit_id as passed_ids

    from chains
    inner join newest_spans
        on chains.current_unit_id = newest_spans.unit_id
    inner join newest_spans as successors
        on newest_spans.successor_id = successors.unit_id
    where not successors.unit_id = any(chains.passed_ids)

),

last_successors as (

    select distinct on (unit_id)
        unit_id,
        current_unit_id

    from chains
    order by unit_id asc, cardinality(passed_ids) desc

),

final as (

    select
        last_successors.unit_id,
        last_successors.current_unit_id,
        coalesce(parents.current_unit_id, newest_spans.parent_id) as current_parent_id

    from last_successors
    inner join newest_spans
        on last_successors.current_unit_id = newest_spans.unit_id
    left join last_successors as parents
        on newest_spans.parent_id = parents.unit_id

)

select * from final
