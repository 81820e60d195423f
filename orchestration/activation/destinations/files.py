"""The destination `files`: a folder per object with a CSV, a Parquet and a manifest, replaced as one set.

Readers open `manifest.json` and then the files it names. These carry a hash of their content in their names and the
manifest is replaced last, so a reader never sees half a set; who finds a file gone reads the manifest again.

The CSV is UTF-8 after RFC 4180: a header, lines ending in CRLF, texts quoted, null as nothing and the empty text as "".
Times are ISO 8601 in UTC. Values are exact: nothing is put before a text that a spreadsheet would take for a formula.
Folders and files are the owner's alone, for they hold personal data.
"""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from filelock import FileLock, Timeout

from orchestration.activation.errors import DeliveryError
from orchestration.activation.rows import type_name
from orchestration.activation.syncs import Sync

_ROW_GROUP = 50_000


class FileSet:
    """The delivered files of one sync, below a folder that holds nothing else."""

    def __init__(self, sync: Sync, root: Path) -> None:
        self.sync = sync
        self.folder = root / sync.object
        self.manifest_path = self.folder / "manifest.json"
        self.workroom = self.folder / ".building"
        self._lock = FileLock(root / f".{sync.object}.lock", timeout=0)

    @contextmanager
    def writing(self) -> Iterator[Path]:
        """Own the set and an empty folder to work in; what a killed delivery left is removed first."""
        root = self.folder.parent
        root.parent.parent.mkdir(parents=True, exist_ok=True)
        for folder in (root.parent, root, self.folder):
            folder.mkdir(mode=0o700, exist_ok=True)
        try:
            self._lock.acquire()
        except Timeout:
            raise DeliveryError(f"Another process is delivering {self.sync.name}: wait for it to end.") from None
        try:
            self._clean()
            self.workroom.mkdir(mode=0o700)
            yield self.workroom
        finally:
            shutil.rmtree(self.workroom, ignore_errors=True)
            self._lock.release()

    def manifest(self) -> dict[str, Any] | None:
        """What the last delivery says of itself; None when there was none that can be read."""
        try:
            manifest: dict[str, Any] = json.loads(self.manifest_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return manifest if isinstance(manifest.get("files"), list) else None

    def delivered_files(self) -> list[Path]:
        """The files of the last delivery."""
        return [self.folder / file["name"] for file in (self.manifest() or {"files": []})["files"]]

    def delivered_rows(self) -> Path | None:
        """The Parquet file of the last delivery, which the next is compared with; None when it is gone or altered."""
        for file in (self.manifest() or {"files": []})["files"]:
            if file["name"].endswith(".parquet") and self._is_intact(file):
                return self.folder / str(file["name"])
        return None

    def holds(self, wanted: Path) -> bool:
        """Whether the rows delivered last are these, byte for byte."""
        delivered = self.delivered_rows()
        return delivered is not None and _checksum(delivered) == _checksum(wanted)

    def is_as_declared(self, rows: int, columns: pa.Schema) -> bool:
        """Whether the last delivery is unaltered and says what a delivery of now would say, its time aside."""
        manifest = self.manifest()
        if manifest is None or not all(self._is_intact(file) for file in manifest["files"]):
            return False
        formats = {file["name"].rsplit(".", 1)[-1] for file in manifest["files"]}
        head = {name: value for name, value in manifest.items() if name not in ("generated_at", "files")}
        return head == self._head(rows, columns) and formats == set(self.sync.formats)

    def replace(self, wanted: Path, rows: int, columns: pa.Schema, generated_at: datetime) -> None:
        """Make the rows of a Parquet file in the workroom the delivered set."""
        written = {"parquet": wanted}
        if "csv" in self.sync.formats:
            written["csv"] = self.workroom / "wanted.csv"
            write_csv(written["csv"], wanted)
        files = []
        for extension in self.sync.formats:
            path = written[extension]
            checksum = _checksum(path)
            name = f"{self.sync.object}-{checksum[:12]}.{extension}"
            files.append({"name": name, "bytes": path.stat().st_size, "rows": rows, "sha256": checksum})
            _move(path, self.folder / name)
        manifest = self._head(rows, columns) | {"generated_at": f"{generated_at:%Y-%m-%dT%H:%M:%SZ}", "files": files}
        pending = self.workroom / "manifest.json"
        pending.write_text(json.dumps(manifest, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        _sync_to_disk(self.folder)
        _move(pending, self.manifest_path)
        _sync_to_disk(self.folder)
        self._clean()

    def _head(self, rows: int, columns: pa.Schema) -> dict[str, Any]:
        return {
            "object": self.sync.object,
            "sync": self.sync.name,
            "purpose": self.sync.purpose,
            "channel": self.sync.channel,
            "mode": self.sync.mode,
            "key": list(self.sync.key),
            "rows": rows,
            "columns": [{"name": field.name, "type": type_name(field.type)} for field in columns],
        }

    def _is_intact(self, file: dict[str, Any]) -> bool:
        path = self.folder / str(file["name"])
        return path.is_file() and _checksum(path) == file["sha256"]

    def _clean(self) -> None:
        """Remove what the manifest does not name: earlier generations, and what a killed delivery left."""
        shutil.rmtree(self.workroom, ignore_errors=True)
        ours = re.compile(rf"{re.escape(self.sync.object)}-[0-9a-f]{{12}}\.(csv|parquet)")
        named = self.delivered_files()
        for path in self.folder.iterdir():
            if ours.fullmatch(path.name) and path not in named:
                path.unlink()


def write_parquet(path: Path, batches: Iterable[pa.RecordBatch], columns: pa.Schema) -> int:
    """Write batches in row groups of one size, so that equal rows are equal bytes; the number of rows."""
    count = 0
    with pq.ParquetWriter(path, columns) as writer:
        for table in _row_groups(batches, columns):
            writer.write_table(table, row_group_size=_ROW_GROUP)
            count += table.num_rows
    return count


def write_csv(path: Path, rows: Path) -> None:
    """Write the rows of a Parquet file as CSV, a part at a time."""
    source = pq.ParquetFile(rows)
    times = {field.name for field in source.schema_arrow if pa.types.is_timestamp(field.type)}
    written = [pa.field(f.name, pa.string()) if f.name in times else f for f in source.schema_arrow]
    options = pa_csv.WriteOptions(eol="\r\n")
    with pa_csv.CSVWriter(path, pa.schema(written), write_options=options) as writer:
        for batch in source.iter_batches(_ROW_GROUP):
            columns = [
                pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ") if name in times else column
                for name, column in zip(batch.schema.names, batch.columns, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=pa.schema(written)))


def _row_groups(batches: Iterable[pa.RecordBatch], columns: pa.Schema) -> Iterator[pa.Table]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        rest = batch
        while rest.num_rows:
            part = rest.slice(0, _ROW_GROUP - count)
            rest = rest.slice(part.num_rows)
            held.append(part)
            count += part.num_rows
            if count == _ROW_GROUP:
                yield pa.Table.from_batches(held, columns).combine_chunks()
                held, count = [], 0
    if held:
        yield pa.Table.from_batches(held, columns).combine_chunks()


def _checksum(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _move(source: Path, target: Path) -> None:
    source.chmod(0o600)
    _sync_to_disk(source)
    os.replace(source, target)


def _sync_to_disk(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
