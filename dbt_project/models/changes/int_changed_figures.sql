with

changed_measure_values as (

    select * from {{ ref('int_changed_measure_values') }}

),

changed_form_months as (

    select * from {{ ref('int_changed_form_months') }}

),

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

indicator_measures as (

    select distinct
        indicators.indicator_id,
        measures.measure_id

    from indicators
    inner join measures
        on
            measures.measure_id in (
                indicators.numerator_measure, indicators.subtracted_measure, indicators.denominator_measure
            )

),

indicator_forms as (

    select distinct
        indicator_measures.indicator_id,
        forms.form_id

    from indicator_measures
    inner join measures
        on indicator_measures.measure_id = measures.measure_id
    cross join unnest(string_to_array(measures.forms, ';')) as forms (form_id)

),

final as (

    select
        indicator_measures.indicator_id,
        changed_measure_values.basis,
        changed_measure_values.org_level,
        changed_measure_values.org_id,
        changed_measure_values.period

    from changed_measure_values
    inner join indicator_measures
        on changed_measure_values.measure_id = indicator_measures.measure_id

    union

    -- How complete a figure is follows from its forms alone.
    select
        indicator_forms.indicator_id,
        changed_form_months.basis,
        changed_form_months.org_level,
        changed_form_months.org_id,
        periods.period

    from changed_form_months
    inner join indicator_forms
        on indicator_forms.form_id in (changed_form_months.form_id, 'all')
    inner join periods
        on changed_form_months.month_date between periods.first_date and periods.as_of_date

)

select * from final
