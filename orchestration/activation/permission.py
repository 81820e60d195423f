"""What readers see of permissions and countries, asked right before a message is sent: a build may have ended since."""

from orchestration.activation.syncs import Sync
from orchestration.settings import Settings
from orchestration.warehouse import Warehouse, literal, open_duckdb, open_warehouse, quoted


class Readers:
    """The published permissions for the purpose and channel of a sync, read anew whenever they were published."""

    def __init__(self, settings: Settings, sync: Sync) -> None:
        self._settings = settings
        self._sync = sync
        self._mark: object = None
        self._allowed: set[str] = set()
        self._countries: dict[str, str | None] = {}

    def allows(self, profile_id: str) -> bool:
        """Whether the person may be contacted; nobody may where nothing is published."""
        self._refresh()
        return profile_id in self._allowed

    def country(self, profile_id: str) -> str | None:
        """The country that the person lives in, as ISO 3166 says it; None where that isn't known."""
        self._refresh()
        return self._countries.get(profile_id)

    def _refresh(self) -> None:
        mark = self._current_mark()
        if mark == self._mark:
            return
        if self._settings.target == "duckdb":
            if not self._settings.serve_path.exists():
                return
            with open_duckdb(self._settings.serve_path, self._settings, read_only=True) as served:
                self._read(served)
        else:
            with open_warehouse(self._settings, read_only=True) as warehouse:
                self._read(warehouse)
        self._mark = mark

    def _current_mark(self) -> object:
        """What changes with every publishing: the file, or on Postgres the state of the table's pages."""
        if self._settings.target == "duckdb":
            path = self._settings.serve_path
            return (path.stat().st_mtime_ns, path.stat().st_ino) if path.exists() else "nothing"
        schema = self._settings.stable_schema("consent")
        with open_warehouse(self._settings, read_only=True) as warehouse:
            rows = warehouse.rows(
                "select n_tup_ins, n_tup_upd, n_tup_del, relid::bigint from pg_stat_all_tables"
                f" where schemaname = {literal(schema)} and relname = 'permissions'"
            )
        return tuple(rows[0]) if rows else "nothing"

    def _read(self, readers: Warehouse) -> None:
        permissions = quoted(self._settings.stable_schema("consent"), "permissions")
        profiles = quoted(self._settings.stable_schema("profiles"), "profiles")
        if not readers.columns(self._settings.stable_schema("consent"), "permissions"):
            self._allowed, self._countries = set(), {}
            return
        rows = readers.rows(
            f"select permissions.profile_id, profiles.country from {permissions} as permissions"
            f" left join {profiles} as profiles on permissions.profile_id = profiles.profile_id"
            f" where permissions.is_allowed and permissions.purpose = {literal(self._sync.purpose)}"
            f" and permissions.channel = {literal(str(self._sync.channel))}"
        )
        self._countries = dict(rows)
        self._allowed = set(self._countries)
