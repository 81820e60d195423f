"""Lines of a text file with their numbers, in bounded memory whatever the file holds."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from orchestration.landing.inspection import LONGEST_LINE, FileFacts, text_blocks

# What is kept of a line that can't be read.
SHOWN_CHARACTERS = 2_000

# Not at the beginning of a line, where no JSON has it: a line must not become blank, and so pass uncounted.
_JSON_NUL = re.compile(rb"(?<=[^\\\n])((?:\\\\)*)\\u0000")

LINE_SCHEMA = pa.schema([("line_no", pa.int64()), ("line", pa.string()), ("problem", pa.string())])


@dataclass(frozen=True)
class Block:
    """Whole lines, the first of which is `first_line` of the file; `problem` when the block is one line set aside."""

    first_line: int
    content: bytes
    problem: str | None = None


def line_blocks(path: Path, facts: FileFacts) -> Iterator[Block]:
    """Blocks of whole lines; a line of more than 16 MB comes alone, cut, with the reason why it is set aside."""
    carry, line_no, dropped = b"", 1, 0
    for piece in text_blocks(path, facts):
        if dropped:
            end = piece.find(b"\n")
            if end < 0:
                dropped += len(piece)
                continue
            yield Block(line_no, carry, _too_long(dropped + end))
            carry, dropped, line_no, piece = b"", 0, line_no + 1, piece[end + 1 :]
        content = carry + piece
        cut = content.rfind(b"\n") + 1
        whole, carry = content[:cut], content[cut:]
        yield from _first_line_apart(whole, line_no)
        line_no += whole.count(b"\n")
        if len(carry) > LONGEST_LINE:
            carry, dropped = carry[: SHOWN_CHARACTERS * 4], len(carry)
    if dropped:
        yield Block(line_no, carry, _too_long(dropped))
    elif carry:
        yield Block(line_no, carry)


def _first_line_apart(whole: bytes, line_no: int) -> Iterator[Block]:
    """Only the first line can be too long, since pieces are shorter than the longest line."""
    end = whole.find(b"\n") + 1
    if end > LONGEST_LINE:
        yield Block(line_no, whole[: SHOWN_CHARACTERS * 4], _too_long(end - 1))
        whole, line_no = whole[end:], line_no + 1
    if whole:
        yield Block(line_no, whole)


def _too_long(size: int) -> str:
    return f"the line has {size:,} bytes, more than the {LONGEST_LINE:,} that a line may have"


def decoded(block: Block, facts: FileFacts) -> Iterator[tuple[int, str, str | None]]:
    """The lines of a block one by one: number, text, and the reason when a line is not in the file's encoding."""
    codec = "utf-8" if facts.encoding == "utf-16" else facts.encoding
    if block.problem:
        yield block.first_line, block.content.decode(codec, "replace").replace("\0", ""), block.problem
        return
    content = block.content[:-1] if block.content.endswith(b"\n") else block.content
    for number, line in enumerate(content.split(b"\n"), start=block.first_line):
        plain = line.replace(b"\0", b"")
        try:
            yield number, plain.decode(codec), None
        except UnicodeDecodeError as error:
            reason = f"byte {plain[error.start]:#04x} at position {error.start + 1} of the line is not {codec}"
            yield number, plain.decode(codec, "replace"), reason


def json_lines(path: Path, facts: FileFacts) -> pa.RecordBatchReader:
    """Every line of a JSONL file with its number, without the NULs that Postgres can't hold."""
    return pa.RecordBatchReader.from_batches(LINE_SCHEMA, _json_batches(path, facts))


def _json_batches(path: Path, facts: FileFacts) -> Iterator[pa.RecordBatch]:
    for block in line_blocks(path, facts):
        content = block.content
        if b"\0" in content:
            content = content.replace(b"\0", b"")
        if b"\\u0000" in content:
            content = _JSON_NUL.sub(rb"\1", content)
        if block.problem is None and facts.encoding in {"utf-8", "utf-16"} and _is_clean(content):
            yield _whole_block(block.first_line, content)
        else:
            yield _one_by_one(Block(block.first_line, content, block.problem), facts)


def _is_clean(content: bytes) -> bool:
    if b"NaN" in content or b"Infinity" in content:
        return False
    try:
        return content.isascii() or bool(content.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _whole_block(first_line: int, content: bytes) -> pa.RecordBatch:
    """Lines as Arrow strings over the block's own bytes, without a copy."""
    ends = np.flatnonzero(np.frombuffer(content, np.uint8) == ord("\n")) + 1
    if not len(ends) or ends[-1] != len(content):
        ends = np.append(ends, len(content))
    count = len(ends)
    offsets = np.concatenate([np.zeros(1, np.int32), ends.astype(np.int32)])
    lines = pa.Array.from_buffers(pa.string(), count, [None, pa.py_buffer(offsets), pa.py_buffer(content)])
    numbers = pa.array(np.arange(first_line, first_line + count, dtype=np.int64))
    return pa.record_batch([numbers, lines, pa.nulls(count, pa.string())], schema=LINE_SCHEMA)


def _one_by_one(block: Block, facts: FileFacts) -> pa.RecordBatch:
    rows = list(decoded(block, facts))
    columns = [[row[0] for row in rows], [_without_nan(row[1]) for row in rows], [row[2] for row in rows]]
    arrays = [pa.array(values, field.type) for values, field in zip(columns, LINE_SCHEMA, strict=True)]
    return pa.record_batch(arrays, schema=LINE_SCHEMA)


def _without_nan(line: str) -> str:
    """Many writers put NaN and Infinity into JSON, which has neither: they become null."""
    if "NaN" not in line and "Infinity" not in line:
        return line
    try:
        return json.dumps(json.loads(line, parse_constant=lambda _: None), ensure_ascii=False)
    except (ValueError, RecursionError):
        return line
