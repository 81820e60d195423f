"""One look through a file's bytes before it is read: size, checksum, encoding, and what would trip a fast reader."""

import codecs
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BLOCK_BYTES = 8 << 20

# A line longer than this is set aside: one line must not decide how much memory landing needs.
LONGEST_LINE = 16 << 20

_C1 = re.compile(rb"[\x80-\x9f]")
_UNDEFINED_IN_WINDOWS = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")

_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class UnreadableFileError(ValueError):
    """The file can't be read at all; the message says why, without naming the file."""


@dataclass(frozen=True)
class FileFacts:
    """What one look through a file tells; `is_plain`: UTF-8 without NULs or lone returns, fit for DuckDB's readers."""

    size_bytes: int
    checksum: str
    encoding: str
    has_content: bool
    is_plain: bool
    line_end: str = "\n"


def checksum_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def inspect(path: Path) -> FileFacts:
    """Look through a CSV or JSONL file once; raise `UnreadableFileError` for one that is not what its name says."""
    digest, first = hashlib.sha256(), b""
    decoder = codecs.getincrementaldecoder("utf-8")()
    has_nul = has_feed = False
    is_utf8, returns, ends = True, 0, b""
    with path.open("rb") as raw:
        for block in _hashed_blocks(raw, path, digest):
            first = first or block[:2]
            has_nul = has_nul or b"\0" in block
            has_feed = has_feed or b"\n" in block
            # Line ends of two bytes count nothing, also when a block parts them; a lone return counts one.
            returns += block.count(b"\r") - block.count(b"\r\n") - (ends + block[:1] == b"\r\n")
            ends = block[-1:]
            is_utf8 = is_utf8 and _is_utf8(decoder, block)
        size = raw.tell()
    is_utf8 = is_utf8 and not decoder.getstate()[0]
    encoding = "utf-16" if first in _UTF16_MARKS else "utf-8" if is_utf8 else _other_encoding(path)
    return FileFacts(
        size_bytes=size,
        checksum=digest.hexdigest(),
        encoding=encoding,
        has_content=bool(first),
        is_plain=is_utf8 and not has_nul and not returns,
        line_end="\r" if returns and not has_feed else "\n",
    )


def text_blocks(path: Path, facts: FileFacts) -> Iterator[bytes]:
    """A file's bytes in blocks: unpacked, no byte order mark, lines ending in \\n; UTF-16 comes out as UTF-8."""
    with open_unpacked(path) as file:
        if facts.encoding == "utf-16":
            reader = codecs.getreader("utf-16")(file, "replace")
            while text := reader.read(BLOCK_BYTES // 4, BLOCK_BYTES // 4):
                yield text.encode("utf-8", "replace")
            return
        block = file.read(BLOCK_BYTES).removeprefix(codecs.BOM_UTF8)
        while block:
            yield block.replace(b"\r", b"\n") if facts.line_end == "\r" else block
            block = file.read(BLOCK_BYTES)


def open_unpacked(path: Path) -> IO[bytes]:
    """Open a file for reading, through gzip when its name ends in .gz."""
    if path.suffix.lower() == ".gz" and path.stat().st_size:
        return gzip.open(path, "rb")  # type: ignore[return-value]
    return path.open("rb")


def _hashed_blocks(raw: IO[bytes], path: Path, digest: "hashlib._Hash") -> Iterator[bytes]:
    is_packed = path.suffix.lower() == ".gz"
    unpacker = _Unpacker() if is_packed else None
    while block := raw.read(BLOCK_BYTES):
        digest.update(block)
        if unpacker is None:
            yield block
        else:
            yield from unpacker.feed(block)
    if unpacker:
        unpacker.finish()


class _Unpacker:
    """Unpacks a gzip stream, member by member, in bounded steps."""

    def __init__(self) -> None:
        self.member: zlib._Decompress | None = None
        self.is_started = False

    def feed(self, block: bytes) -> Iterator[bytes]:
        try:
            while block:
                if self.member is None:
                    if self.is_started and not block.strip(b"\0"):
                        return
                    self.member, self.is_started = zlib.decompressobj(wbits=31), True
                unpacked = self.member.decompress(block, BLOCK_BYTES)
                if unpacked:
                    yield unpacked
                if self.member.eof:
                    block, self.member = self.member.unused_data, None
                else:
                    block = self.member.unconsumed_tail
        except zlib.error as error:
            raise UnreadableFileError(f"is not a readable gzip file: {error}") from None

    def finish(self) -> None:
        if self.member is not None:
            raise UnreadableFileError("is not a readable gzip file: it ends too early")


def _is_utf8(decoder: codecs.IncrementalDecoder, block: bytes) -> bool:
    if block.isascii() and not decoder.getstate()[0]:
        return True
    try:
        decoder.decode(block)
    except UnicodeDecodeError:
        return False
    return True


def _other_encoding(path: Path) -> str:
    """UTF-8 when most lines beyond ASCII are, so that one broken line doesn't garble the others; else a Latin one."""
    utf8_lines = other_lines = 0
    has_c1, fits_windows = False, True
    for lines in _line_groups(path):
        for line in lines:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                utf8_lines += 1
            except UnicodeDecodeError:
                other_lines += 1
                has_c1 = has_c1 or bool(_C1.search(line))
                fits_windows = fits_windows and not _UNDEFINED_IN_WINDOWS.search(line)
    if utf8_lines > other_lines:
        return "utf-8"
    return "windows-1252" if has_c1 and fits_windows else "latin-1"


def _line_groups(path: Path) -> Iterator[list[bytes]]:
    carry = b""
    with open_unpacked(path) as file:
        while block := file.read(1 << 20):
            *lines, carry = (carry + block).split(b"\n")
            yield lines
            carry = carry[-LONGEST_LINE:]
    yield [carry]
