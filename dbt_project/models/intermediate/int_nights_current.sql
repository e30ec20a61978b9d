with

nights as (

    select * from {{ ref('stg_nights') }}

),

newest as (

    select *
    from nights
    order by build_id desc
    limit 1

),

final as (

    select
        newest.build_id,
        newest.business_date,
        newest.last_submission_id,
        newest.last_event_id,
        base.build_id as base_build_id,
        base.business_date as base_date,
        base.last_submission_id as base_submission_id,
        base.last_event_id as base_event_id

    from newest
    left join nights as base
        on newest.base_build_id = base.build_id

)

select * from final
