with

measures as (

    select * from {{ ref('measures') }}

),

measures_by_month as (

    select * from {{ ref('int_measures_by_month') }}

),

states as (

    select * from {{ ref('fct_measures') }}
    where state_first_date is not null

),

unit_months as (

    select * from {{ ref('int_unit_months_attributed') }}

),

enterprises_in_force as (

    select * from {{ ref('int_enterprises_in_force') }}

),

submissions_by_organisation as (

    select * from {{ ref('int_submissions_by_organisation') }}

),

flows_as_then as (

    select
        measures_by_month.measure_id,
        unit_months.org_level,
        unit_months.org_id,
        unit_months.period_type,
        unit_months.period,
        sum(measures_by_month.value) as summed,
        count(distinct measures_by_month.distinct_key) as counted

    from measures_by_month
    inner join measures
        on
            measures_by_month.measure_id = measures.measure_id
            and measures.membership = 'as_then'
    inner join unit_months
        on
            measures_by_month.unit_id = unit_months.unit_id
            and measures_by_month.month_date = unit_months.month_date
    group by 1, 2, 3, 4, 5

),

-- Only what concerns an enterprise still in force at the end of the period, and under the parent that it has then.
flows_at_period_end as (

    select
        measures_by_month.measure_id,
        enterprises_in_force.org_level,
        enterprises_in_force.org_id,
        enterprises_in_force.period_type,
        enterprises_in_force.period,
        sum(measures_by_month.value) as summed,
        count(distinct measures_by_month.distinct_key) as counted

    from measures_by_month
    inner join measures
        on
            measures_by_month.measure_id = measures.measure_id
            and measures.membership = 'at_period_end'
    inner join enterprises_in_force
        on
            measures_by_month.unit_id = enterprises_in_force.unit_id
            and measures_by_month.month_date between enterprises_in_force.first_date and enterprises_in_force.as_of_date
    group by 1, 2, 3, 4, 5

),

-- The last state at the end of the period, or so far.
states_at_period_end as (

    select
        states.measure_id,
        enterprises_in_force.org_level,
        enterprises_in_force.org_id,
        enterprises_in_force.period_type,
        enterprises_in_force.period,
        sum(
            case
                when measures.over_time <> 'state_in_year' then states.value
                when states.occurred_date >= date_trunc('year', enterprises_in_force.as_of_date)::date then states.value
                else 0
            end
        ) as summed,
        count(distinct states.distinct_key) as counted

    from states
    inner join measures
        on states.measure_id = measures.measure_id
    inner join enterprises_in_force
        on
            states.unit_id = enterprises_in_force.unit_id
            and enterprises_in_force.as_of_date between states.state_first_date and states.state_last_date
            -- What a state of last year says about this year is not known: no data, not 0.
            and (
                measures.over_time <> 'state_in_year'
                or states.state_first_date >= date_trunc('year', enterprises_in_force.as_of_date)::date
            )
    group by 1, 2, 3, 4, 5

),

found as (

    select * from flows_as_then
    union all
    select * from flows_at_period_end
    union all
    select * from states_at_period_end

),

measure_forms as (

    select
        measure_id,
        unnest(string_to_array(forms, ';')) as form_id

    from measures
    where over_time = 'flow'

),

-- An accepted answer without such rows, a nil return among them, says that there was nothing: 0, not "no data".
answered as (

    select distinct
        measure_forms.measure_id,
        submissions_by_organisation.org_level,
        submissions_by_organisation.org_id,
        submissions_by_organisation.period_type,
        submissions_by_organisation.period,
        0::numeric as nothing

    from measure_forms
    inner join submissions_by_organisation
        on
            measure_forms.form_id = submissions_by_organisation.form_id
            and submissions_by_organisation.accepted_count > 0

),

final as (

    select
        coalesce(found.measure_id, answered.measure_id) as measure_id,
        coalesce(found.org_level, answered.org_level) as org_level,
        coalesce(found.org_id, answered.org_id) as org_id,
        coalesce(found.period_type, answered.period_type) as period_type,
        coalesce(found.period, answered.period) as period,
        coalesce(case measures.aggregation when 'distinct' then found.counted else found.summed end, answered.nothing)
            as value

    from found
    full join answered
        on
            found.measure_id = answered.measure_id
            and found.org_level = answered.org_level
            and found.org_id = answered.org_id
            and found.period = answered.period
    inner join measures
        on measures.measure_id = coalesce(found.measure_id, answered.measure_id)

)

select * from final
