"""Why somebody is in an audience or not, read from the warehouse: conditions, guard, history, and what may be done."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from difflib import get_close_matches
from typing import Any

from orchestration.audiences.conditions import Declaration, condition_columns, declarations
from orchestration.audiences.guards import read_guards
from orchestration.audiences.standing import Asked, Condition, Contact, Standing
from orchestration.identity.explain import check_built, check_identity, looking_into, utc
from orchestration.identity.explain_lookup import ExplainError, Subject, Tables, find
from orchestration.profiles.facts import read_facts
from orchestration.profiles.masking import hider, mask
from orchestration.profiles.person import Fact
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, quoted

_DEFINITION = "audience, title, purpose, channel, owner, description, is_for_anonymous"
_MEMBER = "audience, qualified_at, entered_at, expires_at"
_CHANGE = "audience, profile_id, change_type, cause, conditions, qualified_at, entered_at, occurred_at"
_PERMISSION = "purpose, channel, record_id, record_source, legal_basis, reason, is_allowed, stated_at, valid_until"
_PROFILE = "is_known, device_count"
_PURPOSE = "purpose, legal_basis, title"
_CHANNEL = "channel, contact_type, title"
_NEEDED = {
    ("audiences", "audience_definitions"): _DEFINITION,
    ("audiences", "audience_members"): f"{_MEMBER}, profile_id",
    ("audiences", "audience_changes"): _CHANGE,
    ("audiences", "audience_guards"): "audience, is_open",
    ("consent", "permissions"): f"{_PERMISSION}, profile_id",
    ("profiles", "profiles"): f"{_PROFILE}, profile_id",
    ("identity", "profile_id_map"): "profile_id, live_profile_id",
    ("identity", "profile_ids"): "profile_id, ended_at",
    ("pii", "contact_points"): "profile_id, contact_type, contact_value, is_primary",
    ("reference", "purposes"): _PURPOSE,
    ("reference", "channels"): _CHANNEL,
}
_DEVICE = "device"


class UnknownAudienceError(ValueError):
    """No audience is called so; the message says which there are."""


def read_standings(settings: Settings, asked: str, audience: str | None) -> tuple[Asked, list[Standing]]:
    """How somebody stands in one audience, or in every one: found by an identifier, its key or a profile id.

    Values are masked. Raise `UnknownAudienceError`, `ExplainError` where nobody or more than one is found or a table is
    missing, and `BusyError` while somebody writes on DuckDB.
    """
    with looking_into(settings) as warehouse:
        check_built(settings, warehouse, {table: set(columns.split(", ")) for table, columns in _NEEDED.items()})
        definitions = _definitions(settings, warehouse)
        wanted = definitions if audience is None else [_chosen(definitions, audience)]
        check_identity(settings, warehouse)
        try:
            subject = find(warehouse, Tables(settings), asked)
        except ExplainError as error:
            if audience is None and _key(asked) in {definition["audience"] for definition in definitions}:
                raise ExplainError(f"{error} {_key(asked)} is an audience: name somebody after it.") from None
            raise
        return _Reader(settings, warehouse, subject).read(wanted)


def _definitions(settings: Settings, warehouse: Warehouse) -> list[Fact]:
    place = quoted(settings.work_schema("audiences"), "audience_definitions")
    return read_facts(warehouse, f"select {_DEFINITION} from {place} order by audience", _DEFINITION)


def _key(name: str) -> str:
    """How an audience may be called: by its name, its file or its title."""
    return "_".join(name.lower().replace("-", " ").replace("_", " ").split()).removeprefix("aud_")


def _chosen(definitions: Sequence[Fact], name: str) -> Fact:
    found = [d for d in definitions if _key(name) in (d["audience"], _key(str(d["title"] or "")))]
    exact = [definition for definition in found if definition["audience"] == _key(name)]
    if exact or len(found) == 1:
        return (exact or found)[0]
    names = [str(definition["audience"]) for definition in definitions]
    near = get_close_matches(_key(name), names, n=3, cutoff=0.5)
    told = f"Near are {', '.join(near)}; there" if near else "There"
    raise UnknownAudienceError(f"No audience is called {name!r}. {told} are {', '.join(names) or 'none yet'}.")


class _Reader:
    """Reads what decides about one profile from an open warehouse."""

    def __init__(self, settings: Settings, warehouse: Warehouse, subject: Subject) -> None:
        self.settings = settings
        self.warehouse = warehouse
        self.subject = subject

    def read(self, wanted: Sequence[Fact]) -> tuple[Asked, list[Standing]]:
        profile = self._profile()
        hide = hider(self._values())
        members = {row["audience"]: row for row in self._mine("audiences", "audience_members", _MEMBER)}
        guards = {g.audience: g for g in read_guards(self.warehouse, self.settings.work_schema("audiences"))}
        asked = self._asked()
        changes = self._changes()
        purposes = {row["purpose"]: row for row in self._all("purposes", _PURPOSE)}
        permissions = self._permissions(hide)
        points = self._points(profile)
        channels = self._all("channels", _CHANNEL)
        declared = declarations()
        standings = []
        for definition in wanted:
            name, purpose = str(definition["audience"]), str(definition["purpose"])
            contacts = [
                Contact(
                    str(channel["channel"]),
                    str(channel["title"]),
                    str(channel["contact_type"]),
                    points.get(str(channel["contact_type"])),
                    permissions.get((purpose, str(channel["channel"]))),
                )
                for channel in channels
            ]
            standings.append(
                Standing(
                    definition=definition,
                    purpose=purposes.get(purpose, {"purpose": purpose, "title": purpose, "legal_basis": None}),
                    declaration=declared.get(name, Declaration()),
                    guard=guards.get(name),
                    is_known=bool(profile["is_known"]),
                    conditions=self._conditions(name, hide),
                    membership=members.get(name),
                    history=[change for change in changes if change["audience"] == name],
                    contacts=contacts,
                )
            )
        return asked, standings

    def _profile(self) -> Fact:
        found = self._mine("profiles", "profiles", _PROFILE)
        if not found:
            raise ExplainError(
                f"profiles.profiles doesn't hold profile {self.subject.profile_id} yet: the identity graph is newer."
                " `onefolk build` makes them one."
            )
        return found[0]

    def _asked(self) -> Asked:
        former = self._facts(
            f"select ids.profile_id, ids.ended_at from {self._place('identity', 'profile_id_map')} as map"
            f" inner join {self._place('identity', 'profile_ids')} as ids on map.profile_id = ids.profile_id"
            " where map.live_profile_id = $1 and map.profile_id <> $1 order by ids.ended_at, ids.profile_id",
            "profile_id, ended_at",
        )
        kind = value = None
        if self.subject.key:
            forms = f"select min(identifier_type), min(identifier_value) from {Tables(self.settings).forms}"
            kind, value = self.warehouse.rows(f"{forms} where identifier_key = $1", [self.subject.key])[0]
        shown = mask(str(kind), str(value)) if value else None
        return Asked(self.subject.profile_id, kind, shown, self.subject.note, former)

    def _conditions(self, audience: str, hide: Callable[[str], str]) -> list[Condition] | None:
        schema, table = self.settings.work_schema("audiences"), f"aud_{audience}"
        columns = self.warehouse.columns(schema, table)
        check_built(self.settings, self.warehouse, {("audiences", table): {"profile_id"}})
        conditions = condition_columns(columns)
        names = [*conditions, *(name for facets in conditions.values() for name in facets.values())]
        listed = ", ".join(map(quoted, names)) or "1"
        rows = self.warehouse.rows(
            f"select {listed} from {quoted(schema, table)} where profile_id = $1", [self.subject.profile_id]
        )
        if not rows:
            return None
        row: Fact = dict(zip(names, rows[0], strict=bool(names)))

        def told(condition: str, facet: str) -> Any:
            name = conditions[condition].get(facet)
            value = row[name] if name else None
            if isinstance(value, str):
                # Postgres gives decimals as text.
                return Decimal(value) if columns[name or ""].startswith("numeric") else hide(value)
            return utc(value) if hasattr(value, "astimezone") else value

        return [
            Condition(name, row[name], told(name, "value"), told(name, "since"), told(name, "until"))
            for name in conditions
        ]

    def _changes(self) -> list[Fact]:
        return self._facts(
            f"select {_CHANGE} from {self._place('audiences', 'audience_changes')}"
            f" where profile_id = $1 or profile_id in"
            f" (select profile_id from {self._place('identity', 'profile_id_map')} where live_profile_id = $1)"
            " order by generation, entered_at, profile_id",
            _CHANGE,
        )

    def _permissions(self, hide: Callable[[str], str]) -> dict[tuple[str, str], Fact]:
        rows = self._mine("consent", "permissions", _PERMISSION)
        # A record may be known by an identifier of the person, such as the number of an account.
        return {
            (row["purpose"], row["channel"]): row | {"record_id": row["record_id"] and hide(str(row["record_id"]))}
            for row in rows
        }

    def _points(self, profile: Fact) -> dict[str, str]:
        """By type, the contact point that is written to."""
        rows = self._facts(
            f"select contact_type, min(contact_value) from {self._place('pii', 'contact_points')}"
            " where profile_id = $1 and is_primary and contact_value is not null group by contact_type",
            "contact_type, contact_value",
        )
        points = {str(row["contact_type"]): mask(str(row["contact_type"]), str(row["contact_value"])) for row in rows}
        return points | ({_DEVICE: "a device"} if profile["device_count"] else {})

    def _values(self) -> set[str]:
        """Every way in which an identifier of the profile is written."""
        tables = Tables(self.settings)
        rows = self.warehouse.rows(
            f"select distinct forms.raw_value, forms.identifier_value from {tables.forms} as forms"
            f" inner join {tables.identifiers} as identifiers on forms.identifier_key = identifiers.identifier_key"
            " where identifiers.profile_id = $1",
            [self.subject.profile_id],
        )
        return {str(value) for row in rows for value in row if value}

    def _mine(self, room: str, table: str, columns: str) -> list[Fact]:
        return self._facts(f"select {columns} from {self._place(room, table)} where profile_id = $1", columns)

    def _all(self, seed: str, columns: str) -> list[Fact]:
        return read_facts(self.warehouse, f"select {columns} from {self._place('reference', seed)}", columns)

    def _facts(self, sql: str, columns: str) -> list[Fact]:
        return read_facts(self.warehouse, sql, columns, [self.subject.profile_id])

    def _place(self, room: str, table: str) -> str:
        return quoted(self.settings.work_schema(room), table)
