with

source as (

    select * from {{ source('ops', 'finding_open') }}

),

final as (

    select
        finding_id,
        submission_id,
        code,
        severity

    from source

)

select * from final
