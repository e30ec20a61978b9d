with

indicators as (

    select * from {{ ref('indicators') }}

),

measures as (

    select * from {{ ref('measures') }}

),

submissions_by_organisation as (

    select * from {{ ref('int_submissions_by_organisation') }}

),

indicator_forms as (

    select distinct
        indicators.indicator_id,
        unnest(string_to_array(measures.forms, ';')) as form_id

    from indicators
    inner join measures
        on measures.measure_id in (indicators.numerator_measure, indicators.denominator_measure)

),

final as (

    select
        indicator_forms.indicator_id,
        submissions_by_organisation.org_level,
        submissions_by_organisation.org_id,
        submissions_by_organisation.period,
        sum(submissions_by_organisation.expected_accepted_count)
        / nullif(sum(submissions_by_organisation.expected_count), 0) as completeness

    from indicator_forms
    inner join submissions_by_organisation
        on indicator_forms.form_id in (submissions_by_organisation.form_id, 'all')
    group by 1, 2, 3, 4

)

select * from final
