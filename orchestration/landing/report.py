"""What a landing did, for people and for the callers of `land`."""

from dataclasses import dataclass, field


@dataclass
class TableReport:
    """One raw table's share: files and rows landed, lines rejected, files set aside with their reasons."""

    name: str
    files: int = 0
    rows: int = 0
    rejected_lines: int = 0
    set_aside: dict[str, str] = field(default_factory=dict)


@dataclass
class LandingReport:
    """One landing: per table what came, and sentences for everything that did not come or needs a look."""

    tables: dict[str, TableReport] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was landed or set aside."""
        return not any(table.files or table.set_aside for table in self.tables.values())

    @property
    def files(self) -> int:
        """Files landed."""
        return sum(table.files for table in self.tables.values())

    @property
    def rows(self) -> int:
        """Rows landed."""
        return sum(table.rows for table in self.tables.values())

    @property
    def rejected_lines(self) -> int:
        """Lines that could not be read."""
        return sum(table.rejected_lines for table in self.tables.values())

    @property
    def set_aside(self) -> dict[str, str]:
        """Files that could not be read at all, each with its reason."""
        return {path: reason for table in self.tables.values() for path, reason in table.set_aside.items()}

    def table(self, name: str) -> TableReport:
        """The share of one table, `source.table`."""
        return self.tables.setdefault(name, TableReport(name))

    def sentences(self) -> list[str]:
        """Everything that a person should look at, one sentence each, with file and line."""
        aside = [f"{path} {reason}; it is set aside." for path, reason in sorted(self.set_aside.items())]
        advice = "its new content is not loaded: give it a new name"
        changed = [f"{path} was changed after landing; {advice}." for path in self.changed]
        waiting = [f"{path} is still being written; it waits." for path in self.waiting]
        return [*aside, *self.warnings, *changed, *waiting]
