{% set changed_figures = changed('int_changed_figures') -%}
with

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

submissions_by_month as (

    select * from {{ ref('int_submissions_by_month') }}

),

submissions_by_period as (

    select
        submissions_by_month.basis,
        submissions_by_month.form_id,
        submissions_by_month.org_level,
        submissions_by_month.org_id,
        periods.period,
        sum(submissions_by_month.expected_count) as expected_count,
        sum(submissions_by_month.expected_accepted_count) as expected_accepted_count

    from submissions_by_month
    inner join periods
        on submissions_by_month.month_date between periods.first_date and periods.as_of_date
    where {{ among(
        ['submissions_by_month.basis', 'submissions_by_month.org_level', 'submissions_by_month.org_id', 'periods.period'],
        changed_figures, ['basis', 'org_level', 'org_id', 'period']
    ) }}
    group by 1, 2, 3, 4, 5

),

-- Indicators that are fed by the same forms are as complete as each other.
indicator_forms as (

    select
        indicators.indicator_id,
        array_agg(distinct form_ids.form_id order by form_ids.form_id) as form_ids

    from indicators
    inner join measures
        on
            measures.measure_id in (
                indicators.numerator_measure, indicators.subtracted_measure, indicators.denominator_measure
            )
    cross join unnest(string_to_array(measures.forms, ';')) as form_ids (form_id)
    group by 1

),

form_sets as (

    select distinct form_ids
    from indicator_forms

),

completeness as (

    select
        submissions_by_period.basis,
        form_sets.form_ids,
        submissions_by_period.org_level,
        submissions_by_period.org_id,
        submissions_by_period.period,
        sum(submissions_by_period.expected_accepted_count)
        / nullif(sum(submissions_by_period.expected_count), 0) as completeness

    from form_sets
    inner join submissions_by_period
        on submissions_by_period.form_id = any(form_sets.form_ids) or 'all' = any(form_sets.form_ids)
    group by 1, 2, 3, 4, 5

),

-- Of every indicator that is asked about there, rather than of those that changed: to compare each took longer.
final as (

    select
        completeness.basis,
        indicator_forms.indicator_id,
        completeness.org_level,
        completeness.org_id,
        completeness.period,
        completeness.completeness

    from indicator_forms
    inner join completeness
        on indicator_forms.form_ids = completeness.form_ids

)

select * from final
