with

indicator_values as (

    select * from {{ ref('int_indicator_values') }}
    where basis <> 'as_then'

),

final as (

    select
        indicator_id,
        org_level,
        org_id,
        period_type,
        period,
        value,
        numerator,
        denominator,
        completeness,
        status

    from indicator_values

)

select * from final
