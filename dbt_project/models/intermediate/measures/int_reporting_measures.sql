with

changed_answers as (

    select * from {{ ref('int_changed_answers') }}

),

submissions_expected as (

    select
        submissions_expected.*,
        null::integer as row_number

    from {{ ref('int_submissions_expected') }} as submissions_expected
    inner join changed_answers
        on
            submissions_expected.form_id = changed_answers.form_id
            and submissions_expected.unit_id = changed_answers.unit_id
            and submissions_expected.period = changed_answers.period

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

reporting_calendar as (

    select * from {{ ref('stg_reporting_calendar') }}

),

forms as (

    select * from {{ ref('stg_forms') }}
    where not is_register

),

submissions_in_force as (

    select
        submissions.*,
        least(reporting_calendar.last_date, reporting_calendar.due_date) as reference_date,
        null::integer as row_number

    from submissions
    inner join forms
        on submissions.form_id = forms.form_id
    inner join reporting_calendar
        on
            submissions.form_id = reporting_calendar.form_id
            and submissions.period = reporting_calendar.period
    inner join changed_answers
        on
            submissions.form_id = changed_answers.form_id
            and submissions.unit_id = changed_answers.unit_id
            and submissions.period = changed_answers.period

),

answers as (

    {{ measure_rows('submissions_expected', none, [
        {'measure': 'submissions_expected', 'value': 1, 'fields': '', 'date': 'reference_date'},
        {'measure': 'submissions_accepted', 'value': 'is_accepted::integer', 'fields': '', 'date': 'reference_date'},
        {'measure': 'submissions_on_time', 'value': 'is_on_time::integer', 'fields': '', 'date': 'reference_date'},
    ]) }}

),

row_counts as (

    {{ measure_rows('submissions_in_force', none, [
        {'measure': 'rows_submitted', 'value': 'rows_loaded_count + rows_quarantined_count', 'fields': '',
         'date': 'reference_date'},
        {'measure': 'rows_accepted', 'value': 'rows_loaded_count', 'fields': '', 'date': 'reference_date'},
    ]) }}

),

final as (

    select * from answers
    union all
    select * from row_counts

)

select * from final
