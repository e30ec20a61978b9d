with

unit_profiles as (

    select * from {{ ref('stg_unit_profile') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}

),

periods as (

    select * from {{ ref('int_periods') }}

),

final as (

    select
        unit_profiles.submission_id,
        unit_profiles.row_number,
        unit_profiles.unit_id,
        unit_profiles.period,
        periods.last_date as quarter_last_date,
        unit_profiles.employees,
        unit_profiles.female_employees,
        unit_profiles.members,
        unit_profiles.teams,
        unit_profiles.team_leaders,
        unit_profiles.smart_union_status,
        unit_profiles.congress_date,
        unit_profiles.contract_date,
        unit_profiles.contract_covered_employees,
        submissions.in_force_from_at,
        submissions.in_force_to_at,
        submissions.is_in_force

    from unit_profiles
    inner join submissions
        on unit_profiles.submission_id = submissions.submission_id
    inner join periods
        on unit_profiles.period = periods.period

)

select * from final
