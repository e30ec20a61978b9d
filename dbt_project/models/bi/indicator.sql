with

indicators as (

    select * from {{ ref('indicators') }}

),

final as (

    select
        indicator_id,
        position,
        pillar,
        programme,
        name_zh,
        name_en,
        unit,
        unit_zh,
        over_time,
        better,
        numerator_measure,
        subtracted_measure,
        denominator_measure,
        definition_zh,
        definition_en

    from indicators

)

select * from final
