with

nights as (

    select * from {{ ref('int_nights_current') }}

),

changed_measures as (

    select distinct
        measure_id,
        unit_id,
        month_date,
        state_first_date,
        state_last_date

    from {{ ref('int_changed_measures') }}
    where {{ is_scoped() }}

),

changed_form_months as (

    select * from {{ ref('int_changed_form_months') }}

),

changed_answers as (

    select * from {{ ref('int_changed_answers') }}
    where is_handed_in and {{ is_scoped() }}

),

states as (

    select * from {{ ref('fct_measures') }}
    where state_first_date is not null and {{ is_scoped() }}

),

submission_states as (

    select * from {{ ref('int_submission_states') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}

),

measures as (

    select * from {{ ref('measures') }}

),

measure_periods as (

    select * from {{ ref('int_measure_periods') }}

),

unit_months as (

    select * from {{ ref('int_unit_months') }}

),

-- A period that lasts had figures up to the night before; what held then and holds no more changes it too.
enterprises_in_force as (

    select
        enterprises_in_force.*,
        case
            when enterprises_in_force.as_of_date = nights.business_date
                then least(nights.base_date, enterprises_in_force.as_of_date)
            else enterprises_in_force.as_of_date
        end as was_as_of_date

    from {{ ref('int_enterprises_in_force') }} as enterprises_in_force
    cross join nights

),

measure_forms as (

    select
        measure_id,
        over_time,
        unnest(string_to_array(forms, ';')) as form_id

    from measures

),

flow_organisations as (

    select distinct
        changed_measures.measure_id,
        unit_months.basis,
        unit_months.org_level,
        unit_months.org_id,
        changed_measures.month_date,
        measures.over_time = 'cumulative' as is_cumulative

    from changed_measures
    inner join measures
        on
            changed_measures.measure_id = measures.measure_id
            and measures.membership = 'as_then'
    inner join unit_months
        on
            changed_measures.unit_id = unit_months.unit_id
            and changed_measures.month_date = unit_months.month_date

),

flows as (

    select
        flow_organisations.measure_id,
        flow_organisations.basis,
        flow_organisations.org_level,
        flow_organisations.org_id,
        measure_periods.period

    from flow_organisations
    inner join measure_periods
        on
            flow_organisations.measure_id = measure_periods.measure_id
            and flow_organisations.month_date <= measure_periods.as_of_date
            and flow_organisations.month_date >= date_trunc('month', measure_periods.first_date)::date

),

flows_at_period_end as (

    select
        changed_measures.measure_id,
        enterprises_in_force.basis,
        enterprises_in_force.org_level,
        enterprises_in_force.org_id,
        enterprises_in_force.period

    from changed_measures
    inner join measures
        on
            changed_measures.measure_id = measures.measure_id
            and measures.membership = 'at_period_end'
    inner join enterprises_in_force
        on
            changed_measures.unit_id = enterprises_in_force.unit_id
            and changed_measures.month_date between enterprises_in_force.first_date and enterprises_in_force.as_of_date

),

-- What began or ended since the night before, though nobody sent anything.
moved_states as (

    select
        states.measure_id,
        states.unit_id,
        states.state_first_date,
        states.state_last_date

    from states
    inner join nights
        on
            (states.state_first_date > nights.base_date and states.state_first_date <= nights.business_date)
            or (states.state_last_date >= nights.base_date and states.state_last_date < nights.business_date)

),

changed_states as (

    select
        measure_id,
        unit_id,
        state_first_date,
        state_last_date

    from changed_measures
    where state_first_date is not null

    union

    select * from moved_states

),

states_at_period_end as (

    select
        changed_states.measure_id,
        enterprises_in_force.basis,
        enterprises_in_force.org_level,
        enterprises_in_force.org_id,
        enterprises_in_force.period

    from changed_states
    inner join enterprises_in_force
        on
            changed_states.unit_id = enterprises_in_force.unit_id
            and changed_states.state_first_date <= enterprises_in_force.as_of_date
            and changed_states.state_last_date >= enterprises_in_force.was_as_of_date

),

-- An answer that changed may hold, or have held, from the end of its period until the next one in force.
changed_answer_states as (

    select
        changed_answers.form_id,
        changed_answers.unit_id,
        {{ period_last_date('changed_answers.period') }} as state_first_date,
        coalesce(min(submissions.period_last_date), 'infinity'::date) as state_last_date

    from changed_answers
    left join submissions
        on
            changed_answers.form_id = submissions.form_id
            and changed_answers.unit_id = submissions.unit_id
            and submissions.is_in_force
            and submissions.period_last_date > {{ period_last_date('changed_answers.period') }}
    group by 1, 2, 3

    union

    select
        submission_states.form_id,
        submission_states.unit_id,
        submission_states.state_first_date,
        submission_states.state_last_date

    from submission_states
    inner join nights
        on
            (
                submission_states.state_first_date > nights.base_date
                and submission_states.state_first_date <= nights.business_date
            )
            or (
                submission_states.state_last_date >= nights.base_date
                and submission_states.state_last_date < nights.business_date
            )

),

states_answered as (

    select
        measure_forms.measure_id,
        enterprises_in_force.basis,
        enterprises_in_force.org_level,
        enterprises_in_force.org_id,
        enterprises_in_force.period

    from changed_answer_states
    inner join measure_forms
        on
            changed_answer_states.form_id = measure_forms.form_id
            and measure_forms.over_time = 'state'
    inner join enterprises_in_force
        on
            changed_answer_states.unit_id = enterprises_in_force.unit_id
            and changed_answer_states.state_first_date <= enterprises_in_force.as_of_date
            and changed_answer_states.state_last_date >= enterprises_in_force.was_as_of_date

),

answered as (

    select
        measure_forms.measure_id,
        changed_form_months.basis,
        changed_form_months.org_level,
        changed_form_months.org_id,
        measure_periods.period

    from changed_form_months
    inner join measure_forms
        on
            changed_form_months.form_id = measure_forms.form_id
            and measure_forms.over_time in ('flow', 'cumulative')
    inner join measure_periods
        on
            measure_forms.measure_id = measure_periods.measure_id
            and changed_form_months.month_date between measure_periods.first_date and measure_periods.as_of_date

),

final as (

    select * from flows
    union
    select * from flows_at_period_end
    union
    select * from states_at_period_end
    union
    select * from states_answered
    union
    select * from answered

)

select * from final
