with

relief_lines as (

    select * from {{ ref('stg_relief') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}

),

final as (

    select
        relief_lines.submission_id,
        relief_lines.row_number,
        relief_lines.unit_id,
        relief_lines.period,
        relief_lines.campaign,
        relief_lines.beneficiary_group,
        relief_lines.beneficiary_unit_id,
        relief_lines.funding_level,
        relief_lines.money_flow,
        relief_lines.person_times,
        relief_lines.cash_cny,
        relief_lines.goods_cny,
        (relief_lines.cash_cny + relief_lines.goods_cny)::numeric(18, 2) as amount_cny,
        relief_lines.given_date,
        submissions.in_force_from_at,
        submissions.in_force_to_at,
        submissions.is_in_force

    from relief_lines
    inner join submissions
        on relief_lines.submission_id = submissions.submission_id

)

select * from final
