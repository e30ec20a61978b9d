-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_innovation_studio') }}

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

    {{ measure_rows('in_force', 'innovation_studio', [
        {'measure': 'studio_alliances', 'value': '1', 'fields': 'alliance,alliance_founded_on',
         'where': 'alliance is not null and alliance_founded_date is not null', 'key': text_key('alliance'),
         'date': 'alliance_founded_date'},
        {'measure': 'studio_alliance_trades', 'value': '1', 'fields': 'alliance_trade,alliance_founded_on',
         'where': 'alliance_trade is not null and alliance_founded_date is not null',
         'key': text_key('alliance_trade'), 'date': 'alliance_founded_date'},
    ]) }}

)

select * from final
