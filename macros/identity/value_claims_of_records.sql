{#- Blocked identifiers claim nothing. Without `only_dirty` every identifier is looked at, and no second reading is needed. -#}
{% macro value_claims_of_records(journal, dirty, blocked, types, only_dirty) -%}
    with records as (
        select distinct journal.record_source, journal.record_id
        from {{ journal }} as journal
        inner join {{ dirty }} as dirty on journal.identifier_key = dirty.identifier_key
        where journal.is_current and journal.data_party = 'first'
    ),

    observations as (
        select
            journal.record_source,
            journal.record_id,
            journal.identifier_key,
            journal.identifier_type,
            types.joins_people <> 'never' as is_claimant,
            row_number() over (
                partition by journal.record_source, journal.record_id
                order by
                    case when types.joins_people = 'never' then 1 else 0 end,
                    types.strength,
                    journal.identifier_key
            ) as strength_rank
        from {{ journal }} as journal
        {% if only_dirty %}
            inner join records
                on journal.record_source = records.record_source and journal.record_id = records.record_id
        {% endif %}
        inner join {{ types }} as types on journal.identifier_type = types.identifier_type
        left join {{ blocked }} as blocked on journal.identifier_key = blocked.identifier_key
        where journal.is_current and journal.data_party = 'first' and blocked.identifier_key is null
    ),

    observations_beside_claimants as (
        select
            identifier_key,
            identifier_type,
            strength_rank,
            max(case when strength_rank = 1 and is_claimant then identifier_key end)
                over (partition by record_source, record_id) as strongest_key,
            max(case when strength_rank = 2 and is_claimant then identifier_key end)
                over (partition by record_source, record_id) as second_key
        from observations
    )

    select distinct
        observations.identifier_key,
        observations.identifier_type,
        case when observations.strength_rank = 1 then observations.second_key else observations.strongest_key end
            as claimant_key
    from observations_beside_claimants as observations
    inner join {{ dirty }} as dirty on observations.identifier_key = dirty.identifier_key
{%- endmacro %}
