"""What dbt's own events say about a build: how far it is, and what failed with which message."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from orchestration.progress import report

_FAILED = {"error", "fail", "runtime error"}
_RESULTS = {"LogSeedResult", "LogModelResult", "LogSnapshotResult", "LogTestResult", "LogUnitTestResult"}
_MESSAGES = {"RunResultError", "RunResultFailure", "RunResultErrorNoMessage", "MainEncounteredError"}
_KINDS = {"model": "models", "seed": "seeds", "test": "tests", "unit_test": "unit tests", "snapshot": "snapshots"}
_LONGEST_MESSAGE = 1500


@dataclass(frozen=True)
class FailedNode:
    """A node of dbt that failed, and dbt's message."""

    unique_id: str
    name: str
    kind: str
    message: str

    def sentence(self) -> str:
        """The failure as a person reads it."""
        return f"{self.kind} {self.name}: {self.message or 'no message from dbt'}"


@dataclass
class BuildWatch:
    """Listens to the events of one `dbt build`, reports progress, and remembers what failed."""

    step: str = "build"
    done: Counter[str] = field(default_factory=Counter)
    skipped: int = 0
    warned: int = 0
    errors: list[str] = field(default_factory=list)
    succeeded: set[str] = field(default_factory=set)
    _failed: dict[str, tuple[str, str]] = field(default_factory=dict)
    _messages: dict[str, str] = field(default_factory=dict)

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take in one event of dbt's JSON log."""
        info, data = event["info"], event["data"]
        node = data.get("node_info") or {}
        name, unique_id = info["name"], node.get("unique_id") or ""
        if name in _RESULTS:
            self._take_result(data, node, unique_id)
        elif name == "LogStartLine":
            self._report(data, node)
        elif name == "SkippingDetails":
            self.skipped += 1
        elif name in _MESSAGES and info.get("msg"):
            self._take_message(unique_id, info["msg"])
        elif info["level"] == "error" and not unique_id and info.get("msg"):
            self.errors.append(str(info["msg"]).strip())

    def failures(self) -> list[FailedNode]:
        """The nodes that failed, in the order in which they did."""
        return [
            FailedNode(unique_id, name, kind, self._messages.get(unique_id, "")[:_LONGEST_MESSAGE])
            for unique_id, (name, kind) in self._failed.items()
        ]

    def summary(self) -> str:
        """What was done, such as `12 models, 90 tests`."""
        return ", ".join(f"{count} {_KINDS.get(kind, kind)}" for kind, count in self.done.items())

    def _take_result(self, data: Mapping[str, Any], node: Mapping[str, Any], unique_id: str) -> None:
        kind = node.get("resource_type") or "node"
        self.done[kind] += 1
        status = str(data.get("status") or node.get("node_status") or "").lower()
        if status in _FAILED or str(node.get("node_status")).lower() in _FAILED:
            self._failed[unique_id] = (str(node.get("node_name")), kind)
        else:
            self.succeeded.add(unique_id)
        if status == "warn":
            self.warned += 1
        self._report(data, node)

    def _take_message(self, unique_id: str, message: str) -> None:
        text = " ".join(str(message).split())
        if unique_id in self._failed:
            self._messages[unique_id] = f"{self._messages.get(unique_id, '')} {text}".strip()
        elif not unique_id:
            self.errors.append(text)

    def _report(self, data: Mapping[str, Any], node: Mapping[str, Any]) -> None:
        total = data.get("total") or None
        report(self.step, sum(self.done.values()) + self.skipped, total, str(node.get("node_name") or ""))
