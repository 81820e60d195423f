"""A folder of a bucket that speaks S3: Amazon's, or any other under an `endpoint`.

The key may list, get, put and delete below the prefix. Objects are encrypted as the bucket's own setting says. What was
uploaded in part when a delivery was killed is seen by nobody; a rule of the bucket that ends such uploads frees it.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pyarrow import fs
from pydantic import SecretStr

from orchestration.activation.destinations.places import RemotePlace
from orchestration.activation.destinations.protocol import NotAllowedError, TryLaterError, UnsureError

_CHUNK = 8 * 2**20
_REFUSED = re.compile(
    r"ACCESS_DENIED|INVALID_ACCESS_KEY_ID|SIGNATURE|INVALID_CLIENT_TOKEN|UNRECOGNIZED_CLIENT|MISSING_AUTHENTICATION"
    r"|NO_SUCH_BUCKET|OPT_IN_REQUIRED|NOT_AUTHORIZED|HTTP status 30\d|HTTP status 40[134]"
)
_TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "jsonl": "application/jsonl"}


class S3Place(RemotePlace):
    """The objects below `bucket/prefix/name/`; an object is put whole or not at all."""

    def __init__(
        self,
        bucket: str,
        prefix: str,
        name: str,
        *,
        endpoint: str | None,
        region: str | None,
        keys: tuple[SecretStr, SecretStr] | None,
        timeout: float,
    ) -> None:
        scheme, _, host = (endpoint or "").rpartition("://")
        self._folder = "/".join(part for part in (bucket, prefix.strip("/"), name) if part)
        with _told(f"s3://{self._folder}"):
            self._store = fs.S3FileSystem(
                access_key=keys[0].get_secret_value() if keys else None,
                secret_key=keys[1].get_secret_value() if keys else None,
                region=region,
                scheme=scheme or "https",
                endpoint_override=host or None,
                connect_timeout=timeout,
                request_timeout=timeout,
                # What is small is put in one request, and leaves no upload behind.
                allow_delayed_open=True,
                retry_strategy=fs.AwsStandardS3RetryStrategy(max_attempts=3),
            )

    def names(self) -> dict[str, int]:
        with _told(self.address("")):
            found = self._store.get_file_info(fs.FileSelector(self._folder, allow_not_found=True))
        return {info.base_name: info.size for info in found if info.type == fs.FileType.File}

    def read(self, name: str) -> bytes | None:
        with _told(self.address(name)):
            try:
                with self._store.open_input_file(f"{self._folder}/{name}") as source:
                    return bytes(source.read())
            except FileNotFoundError:
                return None

    def put(self, source: Path, name: str) -> None:
        told = {"Content-Type": _TYPES.get(name.rsplit(".", 1)[-1], "application/octet-stream")}
        try:
            with (
                _told(self.address(name)),
                source.open("rb") as content,
                self._store.open_output_stream(f"{self._folder}/{name}", metadata=told) as sink,
            ):
                shutil.copyfileobj(content, sink, _CHUNK)
        except TryLaterError as error:
            raise UnsureError(f"{self.address(name)} may have been taken, or not: {error}") from None

    def delete(self, name: str) -> None:
        with _told(self.address(name)), suppress(FileNotFoundError):
            self._store.delete_file(f"{self._folder}/{name}")

    def address(self, name: str) -> str:
        return f"s3://{self._folder}/{name}"


@contextmanager
def _told(place: str) -> Iterator[None]:
    """The library's sentences quote the server's; only the name of the error is passed on."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as error:
        found = re.search(r"AWS Error (\w+(?: \(HTTP status \d+\))?)", str(error))
        name = found[1].replace("_", " ").lower() if found else "no answer that could be read"
        if found and _REFUSED.search(found[1]):
            raise NotAllowedError(
                f"{place} can't be used: {name}. Check the bucket, its region and endpoint, the keys that"
                " access_key_env and secret_key_env name, and that they may list, get, put and delete there."
            ) from None
        raise TryLaterError(f"{place} can't be reached now: {name}.") from None
