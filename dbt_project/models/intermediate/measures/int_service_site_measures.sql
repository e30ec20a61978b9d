-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

submitted_rows as (

    select * from {{ ref('stg_service_site') }}

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

    {{ measure_rows('in_force', 'service_site', [
        {'measure': 'mother_baby_units', 'value': '1', 'fields': 'site_kind,recognition,recognised_on',
         'where': "site_kind = 'mother_baby_room' and recognition in ('provincial', 'national')", 'key': 'unit_id',
         'date': 'recognised_date'},
        {'measure': 'childcare_national_units', 'value': '1', 'fields': 'site_kind,recognition,recognised_on',
         'where': "site_kind = 'childcare_class' and recognition = 'national'", 'key': 'unit_id',
         'date': 'recognised_date'},
        {'measure': 'childcare_subsidy_cny', 'value': 'subsidy_cny', 'fields': 'subsidy_cny',
         'where': "site_kind = 'childcare_class'", 'date': 'period_last_date'},
    ]) }}

)

select * from final
