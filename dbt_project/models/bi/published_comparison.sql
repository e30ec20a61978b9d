{{ config(tags=['every_night']) }}
with

published_figures as (

    select * from {{ ref('published_figures') }}

),

indicator_values as (

    select * from {{ ref('indicator_value') }}
    where org_level = 'province'

),

compared as (

    select
        published_figures.*,
        indicator_values.value as computed_value,
        -- "20-odd" ends below 30, "400-odd" below 500: the next round step of the number's first digit.
        power(10::numeric, floor(log(published_figures.published_value))) as round_step

    from published_figures
    left join indicator_values
        on
            published_figures.indicator_id = indicator_values.indicator_id
            and published_figures.compared_period = indicator_values.period

),

final as (

    select
        figure_id,
        indicator_id,
        period,
        name_zh,
        name_en,
        unit,
        published_value,
        qualifier,
        computed_value,
        case
            when computed_value is null then 'no_data'
            when computed_value = published_value then case qualifier when 'more_than' then 'differs' else 'equal' end
            when
                qualifier = 'more_than'
                and computed_value > published_value
                and computed_value < published_value + round_step
                then 'within'
            -- "Nearly" is no more than 10 % short.
            when
                qualifier = 'just_under'
                and computed_value < published_value
                and computed_value >= published_value * 0.9
                then 'within'
            else 'differs'
        end as verdict,
        note

    from compared

)

select * from final
