{{
    config(
        materialized='incremental',
        incremental_strategy='scoped',
        on_schema_change='append_new_columns',
        scope='(basis, measure_id, org_level, org_id, period) in (select basis, measure_id, org_level, org_id, period from intermediate.int_changed_measure_values)'
    )
}}
{% set changed_values = changed('int_changed_measure_values') -%}
{% set changed_days = "(select v.*, p.as_of_date from " ~ changed_values
    ~ " as v inner join measure_periods as p on v.measure_id = p.measure_id and v.period = p.period) as changed_days" -%}
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

measure_periods as (

    select * from {{ ref('int_measure_periods') }}

),

unit_months as (

    select * from {{ ref('int_unit_months') }}

),

enterprises_in_force as (

    select * from {{ ref('int_enterprises_in_force') }}

),

submissions_by_month as (

    select * from {{ ref('int_submissions_by_month') }}

),

submission_states as (

    select * from {{ ref('int_submission_states') }}

),

measure_forms as (

    select
        measure_id,
        over_time,
        unnest(string_to_array(forms, ';')) as form_id

    from measures

),

-- What changed is looked for in each row (`is true`): joined first, it met every row of its measure.
organisations_by_month as (

    select
        measures_by_month.measure_id,
        unit_months.basis,
        unit_months.org_level,
        unit_months.org_id,
        unit_months.month_date,
        measures_by_month.distinct_key,
        sum(measures_by_month.value) as value

    from measures_by_month
    inner join measures
        on
            measures_by_month.measure_id = measures.measure_id
            and measures.membership = 'as_then'
    inner join unit_months
        on
            measures_by_month.unit_id = unit_months.unit_id
            and measures_by_month.month_date = unit_months.month_date
    where {{ among(
        ['unit_months.basis', 'measures_by_month.measure_id', 'unit_months.org_level', 'unit_months.org_id'],
        changed_values, ['basis', 'measure_id', 'org_level', 'org_id']
    ) }} is true
    group by 1, 2, 3, 4, 5, 6

),

months as (

    select distinct month_date
    from unit_months

),

-- By itself, so that rows meet their periods by month; folded into the next join, each row met every period.
flow_months as materialized (

    select
        measure_periods.measure_id,
        measure_periods.period_type,
        measure_periods.period,
        months.month_date

    from measure_periods
    inner join measures
        on
            measure_periods.measure_id = measures.measure_id
            and measures.over_time = 'flow'
    inner join months
        on months.month_date between measure_periods.first_date and measure_periods.as_of_date

),

-- What is counted once is grouped first and counted then: to sort it for a distinct count took twice as long.
flow_keys as (

    select
        organisations_by_month.basis,
        organisations_by_month.measure_id,
        organisations_by_month.org_level,
        organisations_by_month.org_id,
        flow_months.period_type,
        flow_months.period,
        organisations_by_month.distinct_key,
        sum(organisations_by_month.value) as value

    from organisations_by_month
    inner join flow_months
        on
            organisations_by_month.measure_id = flow_months.measure_id
            and organisations_by_month.month_date = flow_months.month_date
    where {{ among(
        ['organisations_by_month.basis', 'organisations_by_month.measure_id', 'organisations_by_month.org_level', 'organisations_by_month.org_id', 'flow_months.period'],
        changed_values, ['basis', 'measure_id', 'org_level', 'org_id', 'period']
    ) }}
    group by 1, 2, 3, 4, 5, 6, 7

),

flows_as_then as (

    select
        basis,
        measure_id,
        org_level,
        org_id,
        period_type,
        period,
        sum(value) as summed,
        count(distinct_key) as counted

    from flow_keys
    group by 1, 2, 3, 4, 5, 6

),

-- Only what concerns an enterprise still in force at the end of the period, and under the parent that it has then.
flows_at_period_end as (

    select
        enterprises_in_force.basis,
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
    where {{ among(
        ['enterprises_in_force.basis', 'measures_by_month.measure_id', 'enterprises_in_force.org_level', 'enterprises_in_force.org_id', 'enterprises_in_force.period'],
        changed_values, ['basis', 'measure_id', 'org_level', 'org_id', 'period']
    ) }} is true
    group by 1, 2, 3, 4, 5, 6

),

cumulated_since as (

    select distinct
        measure_periods.measure_id,
        date_trunc('month', measure_periods.first_date)::date as first_date

    from measure_periods
    inner join measures
        on
            measure_periods.measure_id = measures.measure_id
            and measures.over_time = 'cumulative'

),

-- What is counted once is new in the first month in which it appears, so that a count to date is a sum of new ones.
newly_seen as (

    select
        organisations_by_month.basis,
        organisations_by_month.measure_id,
        organisations_by_month.org_level,
        organisations_by_month.org_id,
        cumulated_since.first_date,
        organisations_by_month.distinct_key,
        case when organisations_by_month.distinct_key is null then organisations_by_month.month_date end as added_month,
        min(organisations_by_month.month_date) as month_date,
        sum(organisations_by_month.value) as value

    from organisations_by_month
    inner join cumulated_since
        on
            organisations_by_month.measure_id = cumulated_since.measure_id
            and organisations_by_month.month_date >= cumulated_since.first_date
    group by 1, 2, 3, 4, 5, 6, 7

),

new_by_month as (

    select
        basis,
        measure_id,
        org_level,
        org_id,
        first_date,
        month_date,
        sum(value) as summed,
        count(distinct_key) as counted

    from newly_seen
    group by 1, 2, 3, 4, 5, 6

),

cumulated as (

    select
        new_by_month.basis,
        new_by_month.measure_id,
        new_by_month.org_level,
        new_by_month.org_id,
        measure_periods.period_type,
        measure_periods.period,
        sum(new_by_month.summed) as summed,
        sum(new_by_month.counted) as counted

    from new_by_month
    inner join measure_periods
        on
            new_by_month.measure_id = measure_periods.measure_id
            and new_by_month.first_date = date_trunc('month', measure_periods.first_date)::date
            and new_by_month.month_date <= measure_periods.as_of_date
    where {{ among(
        ['new_by_month.basis', 'new_by_month.measure_id', 'new_by_month.org_level', 'new_by_month.org_id', 'measure_periods.period'],
        changed_values, ['basis', 'measure_id', 'org_level', 'org_id', 'period']
    ) }}
    group by 1, 2, 3, 4, 5, 6

),

-- Several periods end on one day; a state is looked up once a day.
days_in_force as (

    select distinct
        basis,
        unit_id,
        org_level,
        org_id,
        as_of_date

    from enterprises_in_force

),

day_periods as (

    select distinct
        period_type,
        period,
        as_of_date

    from enterprises_in_force

),

-- The last state at the end of the period, or so far.
state_keys as (

    select
        days_in_force.basis,
        states.measure_id,
        days_in_force.org_level,
        days_in_force.org_id,
        days_in_force.as_of_date,
        states.distinct_key,
        sum(
            case
                when measures.over_time <> 'state_in_year' then states.value
                when states.occurred_date >= date_trunc('year', days_in_force.as_of_date)::date then states.value
                else 0
            end
        ) as value

    from states
    inner join measures
        on states.measure_id = measures.measure_id
    inner join days_in_force
        on
            states.unit_id = days_in_force.unit_id
            and days_in_force.as_of_date between states.state_first_date and states.state_last_date
            -- What a state of last year says about this year is not known: no data, not 0.
            and (
                measures.over_time <> 'state_in_year'
                or states.state_first_date >= date_trunc('year', days_in_force.as_of_date)::date
            )
    where {{ among(
        ['states.measure_id', 'days_in_force.basis', 'days_in_force.org_level', 'days_in_force.org_id', 'days_in_force.as_of_date'],
        changed_days, ['measure_id', 'basis', 'org_level', 'org_id', 'as_of_date']
    ) }}
    group by 1, 2, 3, 4, 5, 6

),

states_by_day as (

    select
        basis,
        measure_id,
        org_level,
        org_id,
        as_of_date,
        sum(value) as summed,
        count(distinct_key) as counted

    from state_keys
    group by 1, 2, 3, 4, 5

),

-- An answer that holds on the day without such rows says that there is nothing: 0, not "no data".
states_answered as (

    select distinct
        days_in_force.basis,
        measure_forms.measure_id,
        days_in_force.org_level,
        days_in_force.org_id,
        days_in_force.as_of_date,
        0 as summed,
        0 as counted

    from measure_forms
    inner join submission_states
        on measure_forms.form_id = submission_states.form_id
    inner join days_in_force
        on
            submission_states.unit_id = days_in_force.unit_id
            and submission_states.state_first_date <= days_in_force.as_of_date
            and submission_states.state_last_date >= days_in_force.as_of_date
    where
        measure_forms.over_time = 'state'
        and {{ among(
            ['measure_forms.measure_id', 'days_in_force.basis', 'days_in_force.org_level', 'days_in_force.org_id', 'days_in_force.as_of_date'],
            changed_days, ['measure_id', 'basis', 'org_level', 'org_id', 'as_of_date']
        ) }}

),

states_on_days as (

    select * from states_by_day
    union all
    select * from states_answered

),

states_at_period_end as (

    select
        states_on_days.basis,
        states_on_days.measure_id,
        states_on_days.org_level,
        states_on_days.org_id,
        day_periods.period_type,
        day_periods.period,
        states_on_days.summed,
        states_on_days.counted

    from states_on_days
    inner join day_periods
        on states_on_days.as_of_date = day_periods.as_of_date
    where {{ among(
        ['states_on_days.basis', 'states_on_days.measure_id', 'states_on_days.org_level', 'states_on_days.org_id', 'day_periods.period'],
        changed_values, ['basis', 'measure_id', 'org_level', 'org_id', 'period']
    ) }}

),

-- The same of an accepted answer, a nil return among them, for what happened in the period.
answered as (

    select distinct
        submissions_by_month.basis,
        measure_forms.measure_id,
        submissions_by_month.org_level,
        submissions_by_month.org_id,
        measure_periods.period_type,
        measure_periods.period,
        0 as summed,
        0 as counted

    from measure_forms
    inner join submissions_by_month
        on
            measure_forms.form_id = submissions_by_month.form_id
            and submissions_by_month.accepted_count > 0
    inner join measure_periods
        on
            measure_forms.measure_id = measure_periods.measure_id
            and submissions_by_month.month_date between measure_periods.first_date and measure_periods.as_of_date
    where
        measure_forms.over_time in ('flow', 'cumulative')
        and {{ among(
            ['submissions_by_month.basis', 'measure_forms.measure_id', 'submissions_by_month.org_level', 'submissions_by_month.org_id', 'measure_periods.period'],
            changed_values, ['basis', 'measure_id', 'org_level', 'org_id', 'period']
        ) }}

),

found as (

    select * from flows_as_then
    union all
    select * from flows_at_period_end
    union all
    select * from cumulated
    union all
    select * from states_at_period_end
    union all
    select * from answered

),

final as (

    select
        found.basis,
        found.measure_id,
        found.org_level,
        found.org_id,
        found.period_type,
        found.period,
        -- A measure comes from one of them, and from those that add 0.
        sum(case measures.aggregation when 'distinct' then found.counted else found.summed end) as value

    from found
    inner join measures
        on found.measure_id = measures.measure_id
    group by 1, 2, 3, 4, 5, 6

)

select * from final
