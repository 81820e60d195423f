"""Real servers for files on this machine: storage that speaks S3, an SFTP server, and a way to them that can be cut."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import paramiko
from moto.server import ThreadedMotoServer

USER, PASSWORD = "partner", "correct horse battery"


@contextmanager
def s3_server() -> Iterator[int]:
    """Storage that speaks S3, empty; its port."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield server.get_host_and_port()[1]
    finally:
        server.stop()


@dataclass
class SftpServer:
    """An SFTP server on a real folder: what it takes, and what it was asked."""

    root: Path
    host_key: paramiko.PKey
    user_key: paramiko.PKey
    port: int = 0
    renames_over: bool = True
    room: int | None = None
    synced: list[str] = field(default_factory=list)

    def known_hosts(self, path: Path, key: paramiko.PKey | None = None) -> Path:
        """A file that names this server, by its own key or another."""
        shown = key or self.host_key
        path.write_text(f"[127.0.0.1]:{self.port} {shown.get_name()} {shown.get_base64()}\n")
        return path


@contextmanager
def sftp_server(root: Path) -> Iterator[SftpServer]:
    """A server that serves a folder to one user, by password or key."""
    server = SftpServer(root, paramiko.ECDSAKey.generate(), paramiko.ECDSAKey.generate())
    listener = socket.create_server(("127.0.0.1", 0))
    server.port = listener.getsockname()[1]
    transports: list[paramiko.Transport] = []

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                transport = paramiko.Transport(connection)
                transport.add_server_key(server.host_key)
                transport.set_subsystem_handler("sftp", _Session, _Folder, server)
                transports.append(transport)
                with suppress(paramiko.SSHException, EOFError, OSError):
                    transport.start_server(server=_Door(server))

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield server
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for transport in transports:
            transport.close()


class _Door(paramiko.ServerInterface):
    def __init__(self, server: SftpServer) -> None:
        self.server = server

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_password(self, username: str, password: str) -> int:
        is_right = (username, password) == (USER, PASSWORD)
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        is_right = username == USER and key.asbytes() == self.server.user_key.asbytes()
        return paramiko.AUTH_SUCCESSFUL if is_right else paramiko.AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return paramiko.OPEN_SUCCEEDED


class _Session(paramiko.SFTPServer):
    """Answers `fsync@openssh.com` as OpenSSH does."""

    def _process(self, t: int, request_number: int, msg: paramiko.Message) -> None:
        start = msg.packet.tell()
        if t == paramiko.sftp.CMD_EXTENDED and msg.get_text() == "fsync@openssh.com":
            handle = self.file_table[msg.get_binary()]
            os.fsync(handle.writefile.fileno())
            self.server.server.synced.append(Path(handle.filename).name)
            self._send_status(request_number, paramiko.SFTP_OK)
            return
        msg.packet.seek(start)
        super()._process(t, request_number, msg)


class _Handle(paramiko.SFTPHandle):
    def __init__(self, flags: int, path: Path, server: SftpServer) -> None:
        super().__init__(flags)
        self.filename, self.server = str(path), server
        descriptor = os.open(path, flags, 0o600)
        if flags & (os.O_WRONLY | os.O_RDWR):
            self.writefile = os.fdopen(descriptor, "wb", 0)
        else:
            self.readfile = os.fdopen(descriptor, "rb")

    def write(self, offset: int, data: bytes) -> int:
        if self.server.room is not None and offset + len(data) > self.server.room:
            return paramiko.SFTP_FAILURE
        return super().write(offset, data)

    def stat(self) -> Any:
        return paramiko.SFTPAttributes.from_stat(os.stat(self.filename))


class _Folder(paramiko.SFTPServerInterface):
    """A folder of this machine; errors are those of the machine."""

    def __init__(self, door: paramiko.ServerInterface, server: SftpServer) -> None:
        super().__init__(door)
        self.server = server

    def _path(self, path: str) -> Path:
        return self.server.root / self.canonicalize(path).lstrip("/")

    def _done(self, work: Any) -> Any:
        try:
            found = work()
        except OSError as error:
            return paramiko.SFTPServer.convert_errno(error.errno or 0)
        return paramiko.SFTP_OK if found is None else found

    def list_folder(self, path: str) -> Any:
        folder = self._path(path)
        return self._done(
            lambda: [paramiko.SFTPAttributes.from_stat(os.stat(folder / name), name) for name in os.listdir(folder)]
        )

    def stat(self, path: str) -> Any:
        return self._done(lambda: paramiko.SFTPAttributes.from_stat(os.stat(self._path(path))))

    def open(self, path: str, flags: int, attr: Any) -> Any:
        return self._done(lambda: _Handle(flags, self._path(path), self.server))

    def remove(self, path: str) -> Any:
        return self._done(lambda: os.unlink(self._path(path)))

    def mkdir(self, path: str, attr: Any) -> Any:
        return self._done(lambda: os.mkdir(self._path(path), 0o700))

    def posix_rename(self, oldpath: str, newpath: str) -> Any:
        if not self.server.renames_over:
            return paramiko.SFTP_OP_UNSUPPORTED
        return self._done(lambda: os.replace(self._path(oldpath), self._path(newpath)))


@dataclass
class Way:
    """A way to a server that ends, for good, after so many bytes of a client's."""

    port: int
    ends_after: int | None = None
    sent: int = 0


@contextmanager
def way_to(port: int) -> Iterator[Way]:
    """A port that leads to another, as long as it isn't cut."""
    listener = socket.create_server(("127.0.0.1", 0))
    way = Way(listener.getsockname()[1])

    def pump(source: socket.socket, sink: socket.socket, *, is_clients: bool) -> None:
        with suppress(OSError):
            while data := source.recv(4096):
                if is_clients:
                    rest = len(data) if way.ends_after is None else max(way.ends_after - way.sent, 0)
                    way.sent += len(data)
                    sink.sendall(data[:rest])
                    if rest < len(data):
                        break
                else:
                    sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(("127.0.0.1", port))
                for ends, is_clients in (((client, server), True), ((server, client), False)):
                    threading.Thread(target=pump, args=ends, kwargs={"is_clients": is_clients}, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield way
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
