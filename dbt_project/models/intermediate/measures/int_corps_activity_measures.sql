-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_corps_activity') }}

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

    {{ measure_rows('in_force', 'corps_activity', [
        {'measure': 'corps_units_visited', 'value': '1', 'fields': 'host_name', 'key': text_key('host_name'),
         'date': 'held_date'},
        {'measure': 'corps_stations', 'value': '1', 'fields': 'activity_kind',
         'where': "activity_kind = 'station_opened'", 'date': 'held_date'},
        {'measure': 'corps_problems_collected', 'value': 'problems_collected', 'fields': 'problems_collected',
         'date': 'held_date'},
        {'measure': 'corps_problems_solved', 'value': 'problems_solved', 'fields': 'problems_solved',
         'date': 'held_date'},
    ]) }}

)

select * from final
