-- One row per generation and profile whose slowly changing fields changed in it: the log that history comes from.
{{ config(
    materialized='incremental', full_refresh=false, on_schema_change='append_new_columns', incremental_strategy='append'
) }}
{%- do refuse_earlier_clock(this, 'occurred_at') -%}
{%- set flags = ['is_known', 'has_unsubscribed'] -%}
{%- set types = {'profile_id': dbt.type_string(), 'generation': 'bigint', 'is_gone': 'boolean'} -%}
{%- for field in history_fields() -%}
    {%- do types.update({
        field: 'integer' if field.endswith('_count') else 'boolean' if field in flags else dbt.type_string(),
    }) -%}
{%- endfor -%}

with log_rows as (
    {{ rows_so_far(this, types) }}
),

ranked_states as (
    select
        *,
        row_number() over (partition by profile_id order by generation desc) as recency
    from log_rows
),

last_states as (
    select * from ranked_states
    where recency = 1
),

generations as (
    select coalesce(max(generation), 0) as last_generation from log_rows
),

profile_states as (
    select
        coalesce(profiles.profile_id, last_states.profile_id) as profile_id,
        {% for field in history_fields() if types[field] == dbt.type_string() %}
            profiles.{{ field }},
        {% endfor %}
        {% for field in history_fields() if types[field] == 'integer' %}
            profiles.{{ field }},
        {% endfor %}
        cast(generations.last_generation + 1 as bigint) as generation,
        profiles.profile_id is null as is_gone,
        {% for field in history_fields() if types[field] == 'boolean' %}
            profiles.{{ field }},
        {% endfor %}
        {{ as_of() }} as occurred_at
    from {{ ref('profiles') }} as profiles
    full outer join last_states on profiles.profile_id = last_states.profile_id
    cross join generations
    where
        last_states.profile_id is null
        or last_states.is_gone <> (profiles.profile_id is null)
        {% for field in history_fields() %}
            or coalesce(cast(profiles.{{ field }} as {{ dbt.type_string() }}), '')
            <> coalesce(cast(last_states.{{ field }} as {{ dbt.type_string() }}), '')
        {% endfor %}
)

select * from profile_states
