with

hardship_payments as (

    select * from {{ ref('stg_hardship_aid') }}

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}

),

final as (

    select
        hardship_payments.submission_id,
        hardship_payments.row_number,
        hardship_payments.unit_id,
        hardship_payments.period,
        hardship_payments.worker_token,
        hardship_payments.hardship_cause,
        hardship_payments.aid_kind,
        hardship_payments.standard_cny,
        hardship_payments.amount_cny,
        hardship_payments.paid_date,
        submissions.in_force_from_at,
        submissions.in_force_to_at,
        submissions.is_in_force

    from hardship_payments
    inner join submissions
        on hardship_payments.submission_id = submissions.submission_id

)

select * from final
