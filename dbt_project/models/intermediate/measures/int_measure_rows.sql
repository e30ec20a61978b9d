-- Generated from seeds/measure_sources.csv by `python -m connectors.dbt_measures`; change the seed.
with

apprenticeship_measures as (

    select * from {{ ref('int_apprenticeship_measures') }}

),

consumption_assistance_measures as (

    select * from {{ ref('int_consumption_assistance_measures') }}

),

corps_activity_measures as (

    select * from {{ ref('int_corps_activity_measures') }}

),

culture_activity_measures as (

    select * from {{ ref('int_culture_activity_measures') }}

),

democratic_management_measures as (

    select * from {{ ref('int_democratic_management_measures') }}

),

education_uplift_measures as (

    select * from {{ ref('int_education_uplift_measures') }}

),

hardship_aid_measures as (

    select * from {{ ref('int_hardship_aid_measures') }}

),

innovation_award_measures as (

    select * from {{ ref('int_innovation_award_measures') }}

),

innovation_studio_measures as (

    select * from {{ ref('int_innovation_studio_measures') }}

),

labour_contest_measures as (

    select * from {{ ref('int_labour_contest_measures') }}

),

model_worker_measures as (

    select * from {{ ref('int_model_worker_measures') }}

),

office_management_measures as (

    select * from {{ ref('int_office_management_measures') }}

),

recuperation_measures as (

    select * from {{ ref('int_recuperation_measures') }}

),

relief_measures as (

    select * from {{ ref('int_relief_measures') }}

),

reporting_measures as (

    select * from {{ ref('int_reporting_measures') }}

),

service_site_measures as (

    select * from {{ ref('int_service_site_measures') }}

),

skills_contest_measures as (

    select * from {{ ref('int_skills_contest_measures') }}

),

student_aid_measures as (

    select * from {{ ref('int_student_aid_measures') }}

),

task_list_measures as (

    select * from {{ ref('int_task_list_measures') }}

),

training_coverage_measures as (

    select * from {{ ref('int_training_coverage_measures') }}

),

training_measures as (

    select * from {{ ref('int_training_measures') }}

),

unit_profile_measures as (

    select * from {{ ref('int_unit_profile_measures') }}

),

unit_register_measures as (

    select * from {{ ref('int_unit_register_measures') }}

),

final as (

    select * from apprenticeship_measures
    union all
    select * from consumption_assistance_measures
    union all
    select * from corps_activity_measures
    union all
    select * from culture_activity_measures
    union all
    select * from democratic_management_measures
    union all
    select * from education_uplift_measures
    union all
    select * from hardship_aid_measures
    union all
    select * from innovation_award_measures
    union all
    select * from innovation_studio_measures
    union all
    select * from labour_contest_measures
    union all
    select * from model_worker_measures
    union all
    select * from office_management_measures
    union all
    select * from recuperation_measures
    union all
    select * from relief_measures
    union all
    select * from reporting_measures
    union all
    select * from service_site_measures
    union all
    select * from skills_contest_measures
    union all
    select * from student_aid_measures
    union all
    select * from task_list_measures
    union all
    select * from training_coverage_measures
    union all
    select * from training_measures
    union all
    select * from unit_profile_measures
    union all
    select * from unit_register_measures

)

select * from final
