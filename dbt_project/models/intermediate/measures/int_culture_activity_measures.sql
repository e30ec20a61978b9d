-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_culture_activity') }}

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

    {{ measure_rows('in_force', 'culture_activity', [
        {'measure': 'culture_six_ones_cny', 'value': 'spend_cny', 'fields': 'spend_cny',
         'where': "activity_kind in ('song', 'dance', 'play', 'book', 'contest', 'exhibition')", 'date': 'held_date'},
        {'measure': 'culture_front_line_events', 'value': '1', 'fields': 'activity_kind',
         'where': "activity_kind = 'culture_to_front_line'", 'date': 'held_date'},
        {'measure': 'art_education_places', 'value': 'places', 'fields': 'places',
         'where': "activity_kind = 'art_education'", 'date': 'held_date'},
        {'measure': 'quiz_participations', 'value': 'participations', 'fields': 'participations',
         'where': "activity_kind = 'quiz'", 'date': 'held_date'},
        {'measure': 'singles_social_participants', 'value': 'participants', 'fields': 'participants',
         'where': "activity_kind = 'singles_social'", 'date': 'held_date'},
        {'measure': 'lectures_held', 'value': '1', 'fields': 'activity_kind', 'where': "activity_kind = 'lecture'",
         'date': 'held_date'},
    ]) }}

)

select * from final
