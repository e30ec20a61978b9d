with

source as (

    select * from {{ source('ops', 'event') }}

),

final as (

    select
        event_id,
        kind,
        submission_id,
        form_id,
        unit_id,
        period

    from source

)

select * from final
