"""How a JSON answer tells of each row, and of a failure inside a success.

    answers:
      path: results             # where the list is; nothing: the whole answer
      ok_path: status           # in each entry
      ok_values: [created, updated]
      code_path: error.code
      message_path: error.message
      id_path: id
      index_path: index         # which row of the request, from 0; nothing: in the order of the request
      lists: rows               # or `errors`: only rows that failed have an entry

A path is names, or places in a list, joined by dots. An answer that doesn't have this form says nothing at all.
"""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from orchestration.activation.destinations.http import HttpAnswer, cleaned
from orchestration.activation.destinations.json_mapping import as_bytes
from orchestration.activation.destinations.protocol import Answered, Batch, BatchRefusedError, Row, RowAnswer

_ABSENT = object()
# Answers without a body.
_EMPTY = frozenset((204, 205))


class Answers(BaseModel):
    """Where in an answer the results of rows are."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    path: str = Field("", description="where the list of results is; nothing: the answer itself")
    lists: Literal["rows", "errors"] = Field("rows", description="whether every row has an entry, or failed ones alone")
    index_path: str | None = Field(None, description="which row an entry is of, counted from 0; default: their order")
    ok_path: str | None = Field(None, description="what of an entry tells whether the row was taken")
    ok_values: tuple[str | int | float | bool | None, ...] = Field((True,), description="what stands there if it was")
    code_path: str | None = Field(None, description="the code of an error")
    message_path: str | None = Field(None, description="the message of an error")
    id_path: str | None = Field(None, description="what the destination calls the row")

    @model_validator(mode="after")
    def _can_be_read(self) -> "Answers":
        if self.lists == "errors" and self.index_path is None:
            raise ValueError("a list of errors alone needs index_path, which tells the row of each")
        if self.lists == "rows" and self.ok_path is None:
            raise ValueError("a list of all rows needs ok_path, which tells whether each was taken")
        return self


def read_answer(answer: HttpAnswer, batch: Batch, answers: Answers | None, error_path: str | None) -> Answered:
    """What a successful answer says of each row; raise where it refuses the batch or can't be read."""
    if answers is None and error_path is None:
        return Answered.all_ok(batch, answer.status)
    is_empty = answer.status in _EMPTY and (answers is None or answers.lists == "errors")
    content = {} if is_empty else answer.json()
    if error_path is not None and not isinstance(content, dict | list):
        # Where nothing can stand at a path, its absence says nothing.
        raise answer.unreadable()
    error = found_at(content, error_path) if error_path is not None else _ABSENT
    if error is not _ABSENT and error:
        if len(batch.rows) > 1:
            raise BatchRefusedError(f"{answer.host} answers {answer.status} with an error inside.", answer.status)
        return Answered([RowAnswer(batch.rows[0].seq, "rejected", str(answer.status), _text(error))], answer.status)
    if answers is None:
        return Answered.all_ok(batch, answer.status)
    entries = _entries(answer, content, answers, batch)
    rows = [_row_answer(answer, row, entries.get(place), answers) for place, row in enumerate(batch.rows)]
    return Answered(rows, answer.status)


def found_at(content: Any, path: str) -> Any:
    """What stands at a path of JSON, or a mark that nothing does."""
    for step in path.split(".") if path else ():
        if isinstance(content, dict) and step in content:
            content = content[step]
        elif isinstance(content, list) and step.isdecimal() and int(step) < len(content):
            content = content[int(step)]
        else:
            return _ABSENT
    return content


def _entries(answer: HttpAnswer, content: Any, answers: Answers, batch: Batch) -> dict[int, Any]:
    """The entries by the places of their rows; raise `UnsureError` where they don't fit the batch."""
    listed, count = found_at(content, answers.path), len(batch.rows)
    if answers.lists == "errors" and (listed is _ABSENT or listed is None):
        listed = []
    if isinstance(listed, dict) and count == 1:
        # One row is often answered without a list around it.
        return {0: listed}
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise answer.unreadable()
    index_path = answers.index_path
    places = range(len(listed)) if index_path is None else [found_at(entry, index_path) for entry in listed]
    if not all(type(place) is int and 0 <= place < count for place in places):
        raise answer.unreadable()
    entries = dict(zip(places, listed, strict=True))
    if len(entries) < len(listed) or (answers.lists == "rows" and len(entries) != count):
        raise answer.unreadable()
    return entries


def _row_answer(answer: HttpAnswer, row: Row, entry: Any, answers: Answers) -> RowAnswer:
    if entry is None:
        return RowAnswer(row.seq)
    if _is_ok(answer, entry, answers):
        return RowAnswer(row.seq, provider_id=_part(entry, answers.id_path, 200))
    code = _part(entry, answers.code_path, 100)
    return RowAnswer(row.seq, "rejected", code, _part(entry, answers.message_path, 500))


def _is_ok(answer: HttpAnswer, entry: Any, answers: Answers) -> bool:
    if answers.ok_path is None:
        return False
    told = found_at(entry, answers.ok_path)
    # A name that is left out says what null would.
    value = None if told is _ABSENT else told
    # JSON's true is not its 1, though Python takes them for equal.
    if any(isinstance(value, bool) == isinstance(ok, bool) and value == ok for ok in answers.ok_values):
        return True
    if told is _ABSENT:
        raise answer.unreadable()
    return False


def _part(entry: Any, path: str | None, cap: int) -> str | None:
    found = _ABSENT if path is None else found_at(entry, path)
    return None if found is _ABSENT or found is None else _text(found, cap)


def _text(value: Any, cap: int = 500) -> str:
    return cleaned(value if isinstance(value, str) else as_bytes(value).decode(), cap)
