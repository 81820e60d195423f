"""Answers of vendors who speak JSON: the object that each is, or nothing that we understand."""

import json
from typing import Any

from orchestration.activation.destinations.http import HttpAnswer
from orchestration.activation.destinations.protocol import UnsureError


def unreadable(answer: HttpAnswer, vendor: str) -> UnsureError:
    """The error for an answer that says nothing we understand."""
    return UnsureError(
        f"{answer.host} answers {answer.status}, but not as {vendor} does, so nobody knows what was taken: look at the"
        " connection's url.",
        answer.status,
    )


def content_of(answer: HttpAnswer, vendor: str) -> dict[str, Any]:
    """The object that an answer is; raise `UnsureError` where it is none."""
    content = object_in(answer)
    if not content:
        raise unreadable(answer, vendor)
    return content


def object_in(answer: HttpAnswer) -> dict[str, Any]:
    """The object that an answer is, or an empty one; of an error everything may be missing."""
    try:
        content = json.loads(answer.body) if answer.is_whole else None
    except (ValueError, RecursionError):
        content = None
    return content if isinstance(content, dict) else {}
