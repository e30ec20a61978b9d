with

changed_people as (

    select * from {{ ref('int_changed_people') }}

),

roster_rows as (

    select * from {{ ref('stg_post_roster') }}
    where person_token in (select changed_people.person_token from changed_people)

),

training_rows as (

    select * from {{ ref('stg_training') }}
    where trainee_token in (select changed_people.person_token from changed_people)

),

submissions as (

    select * from {{ ref('int_submissions_spanned') }}
    where is_in_force

),

submission_states as (

    select * from {{ ref('int_submission_states') }}

),

plans as (

    select * from {{ ref('plans') }}

),

-- A post counts while the roster that names it holds, and never beyond the post itself.
posts as (

    select
        roster_rows.submission_id,
        roster_rows.row_number,
        roster_rows.unit_id,
        roster_rows.person_token,
        roster_rows.role,
        greatest(submission_states.state_first_date, roster_rows.post_started_date) as first_date,
        least(submission_states.state_last_date, roster_rows.post_ended_date) as last_date

    from roster_rows
    inner join submissions
        on roster_rows.submission_id = submissions.submission_id
    inner join submission_states
        on roster_rows.submission_id = submission_states.submission_id

),

-- The provincial office trains the people of units, so it does not matter who reported a training.
courses_passed as (

    select
        plans.plan_id,
        make_date(plans.last_year, 12, 31) as plan_last_date,
        training_rows.trainee_token,
        training_rows.training_kind,
        {{ text_key('training_rows.course') }} as course_key,
        min(training_rows.last_date) as passed_date

    from training_rows
    inner join submissions
        on training_rows.submission_id = submissions.submission_id
    inner join plans
        on extract(year from training_rows.last_date) between plans.first_year and plans.last_year
    where training_rows.passed = 'yes'
    group by 1, 2, 3, 4, 5

),

-- The second round is passed on the day on which a second, different course is.
rounds_passed as (

    select
        *,
        row_number() over (
            partition by plan_id, trainee_token, training_kind
            order by passed_date, course_key
        ) as round_number

    from courses_passed

),

posts_trained as (

    select
        posts.submission_id,
        posts.row_number,
        posts.unit_id,
        posts.person_token,
        posts.role,
        rounds_passed.round_number,
        greatest(posts.first_date, rounds_passed.passed_date) as first_date,
        least(posts.last_date, rounds_passed.plan_last_date) as last_date

    from posts
    inner join rounds_passed
        on
            posts.person_token = rounds_passed.trainee_token
            and posts.role = rounds_passed.training_kind
    where rounds_passed.round_number <= 2

),

post_states as (

    select
        *,
        0 as round_number

    from posts

),

states as (

    select
        submission_id,
        row_number,
        unit_id,
        person_token,
        role,
        round_number,
        first_date,
        last_date

    from post_states

    union all

    select
        submission_id,
        row_number,
        unit_id,
        person_token,
        role,
        round_number,
        first_date,
        last_date

    from posts_trained

),

lasting as (

    select * from states
    where first_date <= last_date

),

final as (

    {{ measure_rows('lasting', 'post_roster', [
        {'measure': 'supervisors_in_post', 'value': 1, 'fields': 'person_citizen_id',
         'where': "role = 'safety_supervisor' and round_number = 0", 'key': 'person_token', 'from': 'first_date',
         'to': 'last_date'},
        {'measure': 'supervisors_trained', 'value': 1, 'fields': 'person_citizen_id',
         'where': "role = 'safety_supervisor' and round_number = 1", 'key': 'person_token', 'from': 'first_date',
         'to': 'last_date'},
        {'measure': 'cadres_in_post', 'value': 1, 'fields': 'person_citizen_id',
         'where': "role = 'union_cadre' and round_number = 0", 'key': 'person_token', 'from': 'first_date',
         'to': 'last_date'},
        {'measure': 'cadres_trained_once', 'value': 1, 'fields': 'person_citizen_id',
         'where': "role = 'union_cadre' and round_number = 1", 'key': 'person_token', 'from': 'first_date',
         'to': 'last_date'},
        {'measure': 'cadres_trained_twice', 'value': 1, 'fields': 'person_citizen_id',
         'where': "role = 'union_cadre' and round_number = 2", 'key': 'person_token', 'from': 'first_date',
         'to': 'last_date'},
    ]) }}

)

select * from final
