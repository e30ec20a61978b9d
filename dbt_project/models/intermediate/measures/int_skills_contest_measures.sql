-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_skills_contest') }}

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

    {{ measure_rows('in_force', 'skills_contest', [
        {'measure': 'skills_contest_trades', 'value': '1', 'fields': 'trade',
         'where': "contest_level = 'own_second_class'", 'key': text_key('trade'), 'date': 'held_date'},
        {'measure': 'skills_contest_trades_year_before', 'value': '1', 'fields': 'trade',
         'where': "contest_level = 'own_second_class'", 'key': text_key('trade'), 'date': 'held_date'},
    ]) }}

)

select * from final
