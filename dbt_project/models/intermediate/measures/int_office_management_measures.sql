-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_office_management') }}

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

    {{ measure_rows('in_force', 'office_management', [
        {'measure': 'rules_revised', 'value': '1', 'fields': 'item_kind', 'where': "item_kind = 'rule_revised'",
         'date': 'held_date'},
    ]) }}

)

select * from final
