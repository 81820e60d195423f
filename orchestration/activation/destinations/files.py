"""The destination `files`: a folder per object with files of its rows and a manifest, replaced as one set.

    connections:
      partner:
        type: files
        place: sftp                # local (by default), s3 or sftp
        host: files.example.com
        user: onefolk
        key_file: ~/.ssh/partner
        known_hosts: ~/.ssh/known_hosts
        folder: incoming

Readers open `manifest.json` and then the files it names. These carry a hash of their content in their names and the
manifest is replaced last, so a reader never sees half a set; who finds a file gone reads the manifest again.
"""

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.activation.connections import Secrets
from orchestration.activation.destinations.file_formats import WRITERS, checksum
from orchestration.activation.destinations.file_places import Config as Config
from orchestration.activation.destinations.file_places import open_place
from orchestration.activation.destinations.places import Place
from orchestration.activation.destinations.protocol import DeliveryClass, SendError, Target
from orchestration.activation.destinations.set_protocol import SetFacts
from orchestration.activation.rows import type_name

_MANIFEST = "manifest.json"


def open_destination(config: Config, target: Target, secrets: Secrets) -> "FileDestination":
    """The set of that name, in the target's home where the connection names no place; nothing is connected yet."""
    return FileDestination(open_place(config, target.object, secrets, target.home), target.object)


class FileDestination:
    """A set of files in some place: what it holds, and how another one takes its place."""

    delivery_class = DeliveryClass.UPSERT

    def __init__(self, place: Place, object_name: str) -> None:
        self.place = place
        self._object = object_name
        generation = rf"{re.escape(object_name)}-[0-9a-f]{{12}}\.(csv|jsonl|parquet)"
        self._generation = re.compile(generation)
        self._left = re.compile(rf"{generation}|\.({generation}|{re.escape(_MANIFEST)})\.part")

    def tidy(self) -> None:
        with self.place.writing():
            self.remove_unnamed()

    def holds(self, wanted: Path, rows: int, columns: pa.Schema, facts: SetFacts) -> bool:
        manifest = self.manifest()
        is_same = manifest is not None and manifest.get("rows_sha256") == checksum(wanted)
        return is_same and self.is_as_declared(rows, columns, facts)

    def replace(self, wanted: Path, rows: int, columns: pa.Schema, at: datetime, facts: SetFacts) -> list[str]:
        with self.place.writing():
            names = self.write(wanted, rows, columns, at, facts)
            # The set is delivered; what can't be removed now is removed by the next `tidy`.
            with suppress(SendError):
                self.remove_unnamed()
        return [self.place.address(name) for name in names]

    def close(self) -> None:
        self.place.close()

    def manifest(self) -> dict[str, Any] | None:
        """What the last delivery says of itself; None when there was none that can be read."""
        try:
            manifest = json.loads(self.place.read(_MANIFEST) or b"")
            ours = [self._generation.fullmatch(file["name"]) for file in manifest["files"]]
            told = [(int(file["bytes"]), str(file["sha256"])) for file in manifest["files"]]
        except (ValueError, TypeError, LookupError):
            return None
        return manifest if all(ours) and told else None

    def named(self) -> list[dict[str, Any]]:
        """The files of the last delivery, as its manifest describes them."""
        return list((self.manifest() or {"files": []})["files"])

    def is_intact(self, file: dict[str, Any]) -> bool:
        """Whether a file is as its manifest says: its content where that needs no download, else its size."""
        if self.place.names().get(file["name"]) != file["bytes"]:
            return False
        return self.place.checksum(file["name"]) in (None, file["sha256"])

    def is_as_declared(self, rows: int, columns: pa.Schema, facts: SetFacts) -> bool:
        """Whether the last delivery is unaltered and says what a delivery of now would say, its time aside."""
        manifest = self.manifest()
        if manifest is None or not all(self.is_intact(file) for file in manifest["files"]):
            return False
        formats = {file["name"].rsplit(".", 1)[-1] for file in manifest["files"]}
        head = {name: value for name, value in manifest.items() if name not in ("generated_at", "rows_sha256", "files")}
        return head == self.head(rows, columns, facts) and formats == set(facts.formats)

    def write(self, wanted: Path, rows: int, columns: pa.Schema, at: datetime, facts: SetFacts) -> list[str]:
        """Put the files, and the manifest last; their names."""
        rows_checksum = checksum(wanted)
        files: list[dict[str, Any]] = []
        # The rows themselves go last, for the other formats are made of them.
        for extension in sorted(set(facts.formats), key=lambda extension: (extension not in WRITERS, extension)):
            path = wanted
            if extension in WRITERS:
                path = wanted.with_name(f"{wanted.stem}.{extension}")
                WRITERS[extension](path, wanted)
            found = checksum(path)
            name = f"{self._object}-{found[:12]}.{extension}"
            files.append({"name": name, "bytes": path.stat().st_size, "rows": rows, "sha256": found})
            if not self.is_intact(files[-1]):
                self.place.put(path, name)
            if path != wanted:
                path.unlink(missing_ok=True)
        told = {
            "generated_at": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "rows_sha256": rows_checksum,
            "files": files,
        }
        pending = wanted.with_name(_MANIFEST)
        content = json.dumps(self.head(rows, columns, facts) | told, indent=2, ensure_ascii=False) + "\n"
        pending.write_text(content, encoding="utf-8")
        self.place.put(pending, _MANIFEST)
        pending.unlink(missing_ok=True)
        return [*(str(file["name"]) for file in files), _MANIFEST]

    def remove_unnamed(self) -> None:
        """Remove what the manifest does not name: earlier generations, and what a killed delivery left."""
        named = {file["name"] for file in self.named()}
        for name in self.place.names():
            if self._left.fullmatch(name) and name not in named:
                self.place.delete(name)

    def head(self, rows: int, columns: pa.Schema, facts: SetFacts) -> dict[str, Any]:
        """What the manifest says of the set, beside its time and its files."""
        return {
            "object": self._object,
            "sync": facts.sync,
            "purpose": facts.purpose,
            "channel": facts.channel,
            "mode": facts.mode,
            "key": list(facts.key),
            "rows": rows,
            "columns": [{"name": field.name, "type": type_name(field.type)} for field in columns],
        }
