with

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

submissions_expected as (

    select * from {{ ref('int_submissions_expected') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

unit_months as (

    select * from {{ ref('int_unit_months_attributed') }}

),

answers as (

    select
        submissions.form_id,
        submissions.unit_id,
        periods.last_date,
        1 as accepted_count,
        0 as expected_count,
        0 as expected_accepted_count

    from submissions
    inner join periods
        on submissions.period = periods.period

    union all

    select
        form_id,
        unit_id,
        last_date,
        0 as accepted_count,
        1 as expected_count,
        is_accepted::integer as expected_accepted_count

    from submissions_expected

),

final as (

    select
        answers.form_id,
        unit_months.org_level,
        unit_months.org_id,
        unit_months.period_type,
        unit_months.period,
        sum(answers.accepted_count) as accepted_count,
        sum(answers.expected_count) as expected_count,
        sum(answers.expected_accepted_count) as expected_accepted_count

    from answers
    inner join unit_months
        on
            answers.unit_id = unit_months.unit_id
            and date_trunc('month', answers.last_date)::date = unit_months.month_date
    group by 1, 2, 3, 4, 5

)

select * from final
