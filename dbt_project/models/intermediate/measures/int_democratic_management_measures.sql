-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_democratic_management') }}

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

    {{ measure_rows('in_force', 'democratic_management', [
        {'measure': 'proposals_raised', 'value': 'proposals_raised', 'fields': 'proposals_raised',
         'date': 'period_last_date'},
        {'measure': 'proposals_settled', 'value': 'proposals_settled', 'fields': 'proposals_settled',
         'date': 'period_last_date'},
    ]) }}

)

select * from final
