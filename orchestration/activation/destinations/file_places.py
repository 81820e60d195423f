"""Which place a connection of files means, and what each may be told; its library is loaded only then."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import ConfigDict, Field, SecretStr, model_validator

from orchestration.activation.connections import Connection, Secrets, VariableName
from orchestration.activation.destinations.places import LocalPlace, Place
from orchestration.settings import load_settings

# What each place needs, and what else it may be told.
_OPTIONS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "local": ((), ("folder",)),
    "s3": (("bucket",), ("endpoint", "region", "prefix", "access_key_env", "secret_key_env")),
    "sftp": (
        ("host", "user", "folder", "known_hosts"),
        ("port", "password_env", "key_file", "key_password_env"),
    ),
}


class Config(Connection):
    """Where the files go; each place has options of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    place: Literal["local", "s3", "sftp"] = "local"
    folder: str | None = Field(None, min_length=1, description="an existing folder; local: default <home>/delivered")
    bucket: str | None = Field(None, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="an existing bucket")
    prefix: str = Field("", pattern=r"^([\w.=-]+/?)*$", description="folder of the bucket; default: none")
    endpoint: str | None = Field(
        None,
        pattern=r"^(https://[^/@]+|http://(localhost|127(\.\d+){3}|\[::1\])(:\d+)?)$",
        description="https address of a storage other than Amazon's; http on this machine only",
    )
    region: str | None = None
    access_key_env: VariableName | None = Field(None, description="default: keys as Amazon's tools find them")
    secret_key_env: VariableName | None = None
    host: str | None = Field(None, min_length=1)
    port: int = Field(22, ge=1, le=65535)
    user: str | None = Field(None, min_length=1)
    password_env: VariableName | None = None
    key_file: Path | None = None
    key_password_env: VariableName | None = None
    known_hosts: Path | None = Field(None, description="file with the server's host key, as OpenSSH keeps it")

    @model_validator(mode="after")
    def _has_what_the_place_needs(self) -> "Config":
        needed, allowed = _OPTIONS[self.place]
        told = self.model_fields_set & set(Config.model_fields) - set(Connection.model_fields) - {"place"}
        if missing := [name for name in needed if getattr(self, name) is None]:
            raise ValueError(f"place {self.place} needs {', '.join(missing)}")
        if foreign := sorted(told - {*needed, *allowed}):
            raise ValueError(
                f"{', '.join(foreign)} is no option of place {self.place}; it has {', '.join((*needed, *allowed))}"
            )
        if self.place == "s3" and (self.access_key_env is None) != (self.secret_key_env is None):
            raise ValueError("access_key_env and secret_key_env go together")
        if self.place == "sftp" and not (self.password_env or self.key_file):
            raise ValueError("place sftp needs password_env or key_file")
        return self


def open_place(config: Config, object_name: str, secrets: Secrets, home: Path | None = None) -> Place:
    """The folder of that name in the place of a connection, else in `home`; nothing is connected yet."""

    def secret(variable: str | None) -> SecretStr | None:
        return secrets.get(variable) if variable else None

    if config.place == "s3":
        from orchestration.activation.destinations.s3 import S3Place

        access, secret_key = secret(config.access_key_env), secret(config.secret_key_env)
        return S3Place(
            str(config.bucket),
            config.prefix,
            object_name,
            endpoint=config.endpoint,
            region=config.region,
            keys=(access, secret_key) if access and secret_key else None,
            timeout=config.timeout_seconds,
        )
    if config.place == "sftp":
        from orchestration.activation.destinations.sftp import SftpPlace

        return SftpPlace(
            str(config.host),
            config.port,
            str(config.user),
            str(config.folder),
            object_name,
            known_hosts=Path(str(config.known_hosts)).expanduser(),
            password=secret(config.password_env),
            key_file=config.key_file.expanduser() if config.key_file else None,
            key_password=secret(config.key_password_env),
            timeout=config.timeout_seconds,
        )
    if config.folder:
        root = Path(config.folder).expanduser().absolute()
        return LocalPlace(root, object_name, label=object_name, makes_root=False)
    settings = load_settings()
    home = home or settings.delivered_dir / settings.stable_schema("files")
    return LocalPlace(home, object_name, label=object_name, makes_root=True)
