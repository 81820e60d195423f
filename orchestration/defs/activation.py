"""Delivery: one asset a sync, keyed by its destination and object, with its checks."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from contextvars import copy_context
from datetime import timedelta
from typing import Any

import dagster as dg

from orchestration.activation import Sync, load_syncs
from orchestration.activation.connections import is_connected
from orchestration.activation.engine import is_follower, run_sync
from orchestration.activation.running import SyncRun
from orchestration.activation.sync_text import OUTCOMES
from orchestration.build_state import NotGreenError, require_green
from orchestration.defs.publishing import PUBLISHED
from orchestration.defs.resources import Cycle, clock_metadata
from orchestration.progress import report
from orchestration.settings import Settings
from orchestration.translator import RoomTranslator

# How many syncs are sent at once; each has its own connection, so that a slow one delays no other.
_AT_ONCE = 8
_GREEN, _RECONCILED = "green_below", "every_row_has_an_outcome"
_REJECTS, _GUARD, _COUNT = "reject_share", "guard", "as_many_as_usual"


def sync_assets(manifest: Mapping[str, Any]) -> list[dg.AssetsDefinition]:
    """The assets of all syncs of a manifest, delivered side by side by one step."""
    syncs = {_key(sync): sync for sync in load_syncs(dict(manifest))}
    if not syncs:
        return []
    translator = RoomTranslator()
    models = {
        node["name"]: translator.get_asset_key(node)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }

    @dg.multi_asset(
        name="deliver_syncs",
        specs=[_spec(key, sync, models[sync.model]) for key, sync in syncs.items()],
        check_specs=[check for key in syncs for check in _check_specs(key)],
        can_subset=True,
    )
    def deliver_syncs(context: dg.AssetExecutionContext, cycle: Cycle) -> Iterator[Any]:
        settings = cycle.settings
        # From here on a sync waits for the warehouse while it copies its rows, and for nobody while it sends them.
        cycle.let_go()
        selected = [sync for key, sync in syncs.items() if key in context.selected_asset_keys]
        connected = [sync for sync in selected if is_connected(settings, sync.connection)]
        for sync in selected:
            if sync not in connected:
                context.log.info(f"Sync {sync.name} waits for its connection {sync.connection} to be declared.")
        blocked = {sync.name: why for sync in connected if (why := _in_the_way(settings, sync))}
        chosen = [sync for sync in connected if sync.name not in blocked]
        if blocked and not chosen:
            require_green(settings)
        for sync in connected:
            yield _green_below(sync, blocked.get(sync.name))
        failures: dict[str, Exception] = {}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            running = _begun(pool, settings, chosen)
            for finished in as_completed(running):
                sync = running[finished]
                report("deliver", detail=sync.name)
                try:
                    done = finished.result()
                except Exception as error:
                    failures[sync.name] = error
                    continue
                yield from _checked(_key(sync), sync, done)
                yield dg.MaterializeResult(
                    asset_key=_key(sync), metadata={**_metadata(done), **clock_metadata(settings)}
                )
        if failures:
            told = [f"Sync {name}: {error}" for name, error in sorted(failures.items())]
            raise dg.Failure(description="\n".join(told), allow_retries=False) from next(iter(failures.values()))

    return [deliver_syncs]


def _begun(pool: ThreadPoolExecutor, settings: Settings, syncs: list[Sync]) -> dict[Future[SyncRun], Sync]:
    """All of them at once, but for those that follow others of their connection."""
    running: dict[Future[SyncRun], Sync] = {}
    following: list[Sync] = []
    for sync in syncs:
        if is_follower(settings, sync):
            following.append(sync)
        else:
            running[pool.submit(copy_context().run, _sent, settings, sync, [])] = sync
    first = dict(running)
    for sync in following:
        before = [future for future, other in first.items() if other.connection == sync.connection]
        running[pool.submit(copy_context().run, _sent, settings, sync, before)] = sync
    return running


def _sent(settings: Settings, sync: Sync, before: list[Future[SyncRun]]) -> SyncRun:
    wait(before)
    return run_sync(settings, sync, trigger="cycle")


def _in_the_way(settings: Settings, sync: Sync) -> str | None:
    try:
        require_green(settings, sync.model)
    except NotGreenError as error:
        return str(error)
    return None


def _green_below(sync: Sync, told: str | None) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        asset_key=_key(sync),
        check_name=_GREEN,
        passed=told is None,
        description=told,
        metadata={"sentences": [f"Sync {sync.name} was not delivered: {told}"] if told else []},
    )


def _key(sync: Sync) -> dg.AssetKey:
    return dg.AssetKey(["activation", sync.destination, sync.object])


def _spec(key: dg.AssetKey, sync: Sync, model: dg.AssetKey) -> dg.AssetSpec:
    return dg.AssetSpec(
        key,
        deps=[model, PUBLISHED],
        group_name="activation",
        description=sync.description or f"What {sync.destination} holds as {sync.object}.",
        kinds={"file"} if sync.connection == "files" else {"sync"},
        metadata={
            "purpose": sync.purpose,
            "mode": sync.mode,
            "key": ", ".join(sync.key),
            "connection": sync.connection,
        },
        freshness_policy=dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=sync.alerts.max_age_hours)),
        skippable=True,
    )


def _check_specs(key: dg.AssetKey) -> list[dg.AssetCheckSpec]:
    return [
        dg.AssetCheckSpec(_GREEN, asset=key, description="Everything that it is made from was built and tested."),
        dg.AssetCheckSpec(_RECONCILED, asset=key, description="Every planned row ended with exactly one outcome."),
        dg.AssetCheckSpec(_REJECTS, asset=key, description="Few rows were invalid or refused."),
        dg.AssetCheckSpec(_COUNT, asset=key, description="About as many rows are wanted as by the last runs."),
        dg.AssetCheckSpec(_GUARD, asset=key, description="The plan was not more than the sync allows."),
    ]


def _checked(key: dg.AssetKey, sync: Sync, done: SyncRun) -> Iterator[dg.AssetCheckResult]:
    count = sum(done.outcomes.values())
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=_RECONCILED,
        passed=count == done.planned or done.status == "waiting",
        metadata={"planned": done.planned, "outcomes": count},
    )
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=_REJECTS,
        passed=done.reject_share <= sync.alerts.reject_share and done.status != "stopped",
        severity=dg.AssetCheckSeverity.WARN,
        description=done.message if done.status == "stopped" else None,
        metadata={"share": done.reject_share, "allowed": sync.alerts.reject_share, "sentences": _sentences(done)},
    )
    usual = done.usually_wanted
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=_COUNT,
        passed=usual is None or abs(done.wanted - usual) <= sync.alerts.count_share * max(usual, 1),
        severity=dg.AssetCheckSeverity.WARN,
        metadata={"wanted": done.wanted, **({} if usual is None else {"usually": usual})},
    )
    yield dg.AssetCheckResult(
        asset_key=key,
        check_name=_GUARD,
        passed=done.status != "guarded",
        description=done.message if done.status == "guarded" else None,
    )


def _sentences(done: SyncRun) -> list[str]:
    """What somebody should know, whether or not it is too much."""
    if done.status in ("stopped", "guarded"):
        return [
            f"Sync {done.sync} {'stopped' if done.status == 'stopped' else 'is held by its guard'}: {done.message}."
        ]
    return []


def _metadata(done: SyncRun) -> dict[str, Any]:
    return {
        "dagster/row_count": done.wanted,
        "delivered": done.was_written,
        "status": done.status,
        "planned": done.planned,
        "added": done.counts.added,
        "changed": done.counts.changed,
        "removed": done.counts.removed,
        **{f"rows {OUTCOMES[name]}": count for name, count in done.outcomes.items()},
        **({"message": done.message} if done.message else {}),
    }
