"""A folder of an SFTP server, which is known by its host key: a server that `known_hosts` doesn't name is refused."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import SecretStr

from orchestration.activation.connections import WrongConnectionError
from orchestration.activation.destinations.places import RemotePlace
from orchestration.activation.destinations.protocol import NotAllowedError, TryLaterError, UnsureError

# Sent without waiting for each answer; after it, every answer has been read.
_WINDOW = 2 * 2**20


class SftpPlace(RemotePlace):
    """The files below `folder/name/` of a server; a file is uploaded under another name, and renamed."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        folder: str,
        name: str,
        *,
        known_hosts: Path,
        password: SecretStr | None,
        key_file: Path | None,
        key_password: SecretStr | None,
        timeout: float,
    ) -> None:
        self._library = _library()
        for option, path in (("known_hosts", known_hosts), ("key_file", key_file)):
            if path and not (os.path.isfile(path) and os.access(path, os.R_OK)):
                raise WrongConnectionError(
                    f"There is no {path} that can be read, which the connection has as {option}."
                )
        self._host, self._port, self._user = host, port, user
        self._folder = f"{folder.rstrip('/')}/{name}"
        self._known_hosts, self._password = known_hosts, password
        self._key = _private_key(self._library, key_file, key_password) if key_file else None
        self._timeout = timeout
        self._client: Any = None
        self._files: Any = None

    def names(self) -> dict[str, int]:
        with self._session(self.address("")) as files:
            try:
                found = files.listdir_attr(self._folder)
            except FileNotFoundError:
                return {}
        # A server need not tell modes and sizes.
        return {
            entry.filename: entry.st_size or 0
            for entry in found
            if entry.st_mode is None or stat.S_ISREG(entry.st_mode)
        }

    def read(self, name: str) -> bytes | None:
        with self._session(self.address(name)) as files:
            try:
                with files.open(f"{self._folder}/{name}", "rb") as source:
                    return bytes(source.read())
            except FileNotFoundError:
                return None

    def put(self, source: Path, name: str) -> None:
        pending = f"{self._folder}/.{name}.part"
        with self._session(self.address(name)) as files:
            if not _is_there(files, self._folder):
                files.mkdir(self._folder, 0o700)
            with files.open(pending, "wb") as sink, source.open("rb") as content:
                while window := content.read(_WINDOW):
                    sink.set_pipelined(True)
                    sink.write(window[:-1])
                    # The library reads the answers to what was sent before only with a write that waits for its own.
                    sink.set_pipelined(False)
                    sink.write(window[-1:])
                _sync_to_disk(self._library, files, sink)
            if files.stat(pending).st_size != source.stat().st_size:
                raise TryLaterError(f"{self.address(name)} was not taken whole: the server may have no room.")
        try:
            with self._session(self.address(name), "doesn't rename over a file (posix-rename)") as files:
                files.posix_rename(pending, f"{self._folder}/{name}")
        except TryLaterError as error:
            if self._files is None:
                raise UnsureError(f"{self.address(name)} may have been renamed, or not: {error}") from None
            raise

    def delete(self, name: str) -> None:
        with self._session(self.address(name)) as files, suppress(FileNotFoundError):
            files.remove(f"{self._folder}/{name}")

    def address(self, name: str) -> str:
        return f"sftp://{self._host}:{self._port}/{self._folder.lstrip('/')}/{name}"

    def close(self) -> None:
        client, self._client, self._files = self._client, None, None
        if client is not None:
            client.close()

    @contextmanager
    def _session(self, place: str, failure: str = "failed, as it does without room") -> Iterator[Any]:
        """The server's files; connected when first asked for, and again after the connection ended."""
        try:
            if self._files is None:
                self._connect()
            yield self._files
        except (self._library.SSHException, EOFError, ConnectionError, TimeoutError) as error:
            self.close()
            raise self._refused(error, place) from None
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EPERM, errno.ENOENT):
                told = "is not there" if error.errno == errno.ENOENT else "is not allowed"
                raise NotAllowedError(f"{place} can't be used: it, or the folder that it is in, {told}.") from None
            if error.errno is None:
                raise TryLaterError(f"{place} can't be written: the server {failure}.") from None
            self.close()
            raise TryLaterError(f"{place} can't be reached now: {type(error).__name__}.") from None

    def _connect(self) -> None:
        client = self._library.SSHClient()
        self._client = client
        client.load_host_keys(str(self._known_hosts))
        client.set_missing_host_key_policy(self._library.RejectPolicy())
        client.connect(
            self._host,
            self._port,
            self._user,
            password=self._password.get_secret_value() if self._password else None,
            pkey=self._key,
            # Only what the connection declares is tried.
            allow_agent=False,
            look_for_keys=False,
            timeout=self._timeout,
            banner_timeout=self._timeout,
            auth_timeout=self._timeout,
        )
        files = client.open_sftp()
        files.get_channel().settimeout(self._timeout)
        self._files = files

    def _refused(self, error: Exception, place: str) -> Exception:
        """Who isn't let in, or would speak to a stranger, stops; a connection that ended may come back."""
        if isinstance(error, self._library.BadHostKeyException) or "known_hosts" in str(error):
            return NotAllowedError(
                f"{place} is refused: the host key of {self._host}:{self._port} is not the one in {self._known_hosts}."
                " Ask whose server it is before you add its key."
            )
        # The library says the same of a connection that ended while the password was on its way.
        was_cut = "transport shut down" in str(error) or "timeout" in str(error)
        if isinstance(error, self._library.AuthenticationException) and not was_cut:
            return NotAllowedError(
                f"{place} can't be used: the server doesn't let {self._user} in with the connection's password or key."
            )
        return TryLaterError(f"{place} can't be reached now: the connection ended or came to nothing.")


def _library() -> ModuleType:
    try:
        import paramiko
    except ImportError:
        raise WrongConnectionError("Files by SFTP need the extra `sftp`: install onefolk[sftp].") from None
    return paramiko


def _private_key(library: ModuleType, path: Path, password: SecretStr | None) -> Any:
    for kind in (library.Ed25519Key, library.ECDSAKey, library.RSAKey):
        with suppress(library.SSHException, ValueError, TypeError):
            return kind.from_private_key_file(str(path), password.get_secret_value() if password else None)
    raise WrongConnectionError(
        f"{path} can't be opened: it is no private key (Ed25519, ECDSA or RSA), or key_password_env names no or another"
        " password."
    )


def _is_there(files: Any, path: str) -> bool:
    try:
        files.stat(path)
    except FileNotFoundError:
        return False
    return True


def _sync_to_disk(library: ModuleType, files: Any, sink: Any) -> None:
    """Where the server offers it, as OpenSSH does; the library has no verb for it."""
    with suppress(OSError):
        files._request(library.sftp.CMD_EXTENDED, "fsync@openssh.com", sink.handle)
