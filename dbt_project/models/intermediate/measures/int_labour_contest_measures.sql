-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_labour_contest') }}

),

submissions as (

    select * from {{ ref('int_submissions_in_scope') }}
    where is_in_force

),

in_force as (

    select
        submitted_rows.*,
        submissions.period_last_date

    from submitted_rows
    inner join submissions
        on submitted_rows.submission_id = submissions.submission_id

),

final as (

    {{ measure_rows('in_force', 'labour_contest', [
        {'measure': 'labour_contest_categories', 'value': '1', 'fields': 'category', 'key': 'category',
         'date': 'period_last_date'},
        {'measure': 'task_books_signed', 'value': '1', 'fields': 'task_book_signed_on',
         'where': 'task_book_signed_date is not null',
         'key': "unit_id || '|' || category || '|' || " ~ text_key('project'), 'date': 'task_book_signed_date'},
        {'measure': 'contest_participants', 'value': 'participants', 'fields': 'participants',
         'date': 'period_last_date'},
    ]) }}

)

select * from final
