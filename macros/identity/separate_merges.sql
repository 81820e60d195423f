{% macro separate_merges(edges, marks) -%}
    with forbidden as (
        select distinct edges.link_rank
        from {{ edges }} as edges
        inner join {{ marks }} as marks_a on edges.cluster_a = marks_a.cluster
        inner join {{ marks }} as marks_b on edges.cluster_b = marks_b.cluster and marks_a.conflict = marks_b.conflict
    ),

    allowed as (
        select edges.cluster_a, edges.cluster_b, edges.link_rank
        from {{ edges }} as edges
        left join forbidden on edges.link_rank = forbidden.link_rank
        where forbidden.link_rank is null
    ),

    directed as (
        select cluster_a as cluster, cluster_b as target, link_rank from allowed
        union all
        select cluster_b, cluster_a, link_rank from allowed
    ),

    strongest as (
        select cluster, min(link_rank) as link_rank from directed
        group by cluster
    ),

    picks as (
        select directed.cluster, directed.target, directed.link_rank
        from directed
        inner join strongest on directed.cluster = strongest.cluster and directed.link_rank = strongest.link_rank
    ),

    marked as (
        select distinct cluster from {{ marks }}
    )

    select picks.cluster, picks.target
    from picks
    left join marked on picks.cluster = marked.cluster
    left join strongest as returned on picks.target = returned.cluster and picks.link_rank = returned.link_rank
    where marked.cluster is null or returned.cluster is not null
{%- endmacro %}
