"""Places for files: a few verbs that a folder, a bucket and a server share, and the folder of this machine."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from orchestration.activation.destinations.file_formats import checksum
from orchestration.activation.destinations.protocol import NotAllowedError, TryLaterError
from orchestration.activation.errors import BusySyncError
from orchestration.disk import sync_to_disk

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_REFUSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOENT, errno.ENOTDIR})


class Place(Protocol):
    """One folder of files, wherever it is. Everything may raise a `SendError`; names have no slash."""

    def names(self) -> dict[str, int]:
        """What is there, with its size in bytes; nothing where there is no folder yet."""

    def read(self, name: str) -> bytes | None:
        """A small file; None where it isn't there."""

    def put(self, source: Path, name: str) -> None:
        """Make a file the one of that name: readers find the earlier or the whole new one."""

    def delete(self, name: str) -> None:
        """Remove a file, if it is there."""

    def checksum(self, name: str) -> str | None:
        """SHA-256 of a file; None where it would have to be fetched for that."""

    def address(self, name: str) -> str:
        """Where a file is, as people say it; without secrets."""

    def writing(self) -> AbstractContextManager[None]:
        """Keep other processes of this machine from writing here, where that can be told."""

    def close(self) -> None:
        """Let go of connections."""


class RemotePlace:
    """What places elsewhere share: the lease of the sync alone keeps two from writing at once."""

    def checksum(self, name: str) -> str | None:
        """It would have to be fetched."""
        return None

    def writing(self) -> AbstractContextManager[None]:
        """Other machines can't be kept off anyway."""
        return nullcontext()

    def close(self) -> None:
        """There is nothing to let go of."""


class LocalPlace:
    """A folder of this machine, below one that holds nothing else; its files are the owner's alone.

    Files are written in a workroom beside the others, and renamed when they are on the disk. A file that is in the
    workroom already is moved.
    """

    def __init__(self, root: Path, name: str, *, label: str, makes_root: bool) -> None:
        self.folder = root / name
        self.workroom = self.folder / ".building"
        self._root = root
        self._label = label
        self._makes_root = makes_root
        self._lock = FileLock(root / f".{name}.lock", timeout=0)

    def names(self) -> dict[str, int]:
        with _told(self.folder):
            try:
                return {entry.name: entry.stat().st_size for entry in os.scandir(self.folder) if entry.is_file()}
            except FileNotFoundError:
                return {}

    def read(self, name: str) -> bytes | None:
        with _told(self.folder / name):
            try:
                return (self.folder / name).read_bytes()
            except FileNotFoundError:
                return None

    def put(self, source: Path, name: str) -> None:
        with _told(self.folder / name):
            staged = source
            if source.parent != self.workroom:
                staged = self.workroom / name
                staged.touch(mode=0o600)
                shutil.copyfile(source, staged)
            staged.chmod(0o600)
            sync_to_disk(staged)
            os.replace(staged, self.folder / name)
            sync_to_disk(self.folder)

    def delete(self, name: str) -> None:
        with _told(self.folder / name), suppress(FileNotFoundError):
            os.unlink(self.folder / name)

    def checksum(self, name: str) -> str | None:
        with _told(self.folder / name):
            return checksum(self.folder / name)

    def address(self, name: str) -> str:
        return str(self.folder / name)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Own the folder, and an empty workroom in it."""
        with _told(self.folder):
            if self._makes_root:
                self._root.parent.parent.mkdir(parents=True, exist_ok=True)
            made = (self._root.parent, self._root) if self._makes_root else ()
            for folder in (*made, self.folder):
                folder.mkdir(mode=0o700, exist_ok=True)
            try:
                self._lock.acquire()
            except Timeout:
                raise BusySyncError(f"Another process is delivering {self._label}: wait for it to end.") from None
        try:
            with _told(self.workroom):
                shutil.rmtree(self.workroom, ignore_errors=True)
                self.workroom.mkdir(mode=0o700)
            yield
        finally:
            shutil.rmtree(self.workroom, ignore_errors=True)
            self._lock.release()

    def close(self) -> None:
        """There is nothing to let go of."""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        if error.errno in _FULL:
            raise TryLaterError(f"There is no room for {path}: {reason}.") from None
        if error.errno in _REFUSED:
            raise NotAllowedError(f"{path} can't be written or read: {reason}.") from None
        raise TryLaterError(f"{path} can't be written or read now: {reason}.") from None
