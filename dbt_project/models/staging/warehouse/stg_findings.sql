with

source as (

    select * from {{ source('ops', 'finding') }}

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
