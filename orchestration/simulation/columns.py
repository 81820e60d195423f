"""Columns made from numbers: chance that depends only on what it is rolled for, and text without loops over rows."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

START = date(2026, 3, 5)
DAY_SECONDS = 86_400
NEVER = 1_000_000  # a day that doesn't come
_START_SECOND = int(datetime(START.year, START.month, START.day, tzinfo=UTC).timestamp())
_COUNT_BITS = 24
_GOLDEN, _MIX_A, _MIX_B = (np.uint64(word) for word in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))

Numbers = NDArray[Any]
Columns = dict[str, Numbers]
Text = Any  # an Arrow string array, or one string for all rows
Rows = tuple[dict[str, pa.Array], Numbers]  # a table's columns, and a number that tells its rows apart


class Stream(IntEnum):
    """What a generator of random numbers is for; a number is never given anew."""

    PEOPLE = 1
    DEVICES = 2
    CONTACTS = 3
    CATALOGUE = 4
    CONSENT = 5
    WEB = 10
    STORES = 11
    DEALS = 12
    ACTIVITIES = 13
    TICKETS = 14
    MESSAGES = 15
    SOCIAL = 16


def generator(seed: int, stream: Stream, day: int = 0) -> np.random.Generator:
    """Random numbers of one stream and day, the same however a period is cut."""
    return np.random.default_rng(np.random.SeedSequence([seed, int(stream), day]))


class Dice:
    """Chance by hashing: what is rolled depends only on the seed, the name of the roll and the numbers rolled for."""

    def __init__(self, seed: int) -> None:
        self._seed = np.uint64(seed)

    def hash(self, name: str, *numbers: Numbers | int) -> Numbers:
        """64 bits for each row."""
        with np.errstate(over="ignore"):
            state: Any = _mixed(self._seed * _GOLDEN ^ np.uint64(zlib.crc32(name.encode())))
            for number in numbers:
                state = _mixed(state ^ np.asarray(number).astype(np.uint64))
        return np.asarray(state)

    def uniform(self, name: str, *numbers: Numbers | int) -> Numbers:
        """A number from 0 up to 1 for each row."""
        return (self.hash(name, *numbers) >> np.uint64(11)) * 2.0**-53

    def happens(self, name: str, share: float | Numbers, *numbers: Numbers | int) -> Numbers:
        """True for about this share of the rows."""
        return self.uniform(name, *numbers) < share

    def below(self, name: str, limit: int | Numbers, *numbers: Numbers | int) -> Numbers:
        """A whole number from 0 up to the limit for each row."""
        return (self.uniform(name, *numbers) * limit).astype(np.int64)


def _mixed(state: Any) -> Any:
    state = state + _GOLDEN
    state = (state ^ (state >> np.uint64(30))) * _MIX_A
    state = (state ^ (state >> np.uint64(27))) * _MIX_B
    return state ^ (state >> np.uint64(31))


def day_number(day: date) -> int:
    """Days since the first simulated day."""
    return (day - START).days


def day_date(number: int) -> date:
    """The date of a day number."""
    return START + timedelta(days=number)


def arriving(days: Numbers, first: int, last: int) -> Numbers:
    """Indexes of what arrives from the first to the last day; what was there before arrives on the first day of all."""
    arrivals = np.maximum(days, 0)
    return np.flatnonzero((arrivals >= first) & (arrivals <= last))


def daily_uids(day: int, count: int) -> Numbers:
    """Numbers for what one day draws: the day, and a count within it."""
    return np.int64(day) << _COUNT_BITS | np.arange(count)


def day_of_uid(uid: Numbers) -> Numbers:
    """The day that drew each number of `daily_uids`."""
    return np.asarray(uid >> _COUNT_BITS)


def daily_ids(prefix: Text, uid: Numbers) -> pa.Array:
    """Ids of what one day draws, such as O1028-000016: never given anew on another day."""
    return joined(prefix, numerals(day_of_uid(uid) + 1001, 4), "-", numerals(uid & (1 << _COUNT_BITS) - 1, 6))


def stacked(parts: Sequence[Columns]) -> Columns:
    """Columns under each other."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def rows_of(columns: Columns, index: Numbers) -> Columns:
    """The rows at these indexes, or where this mask is true."""
    return {name: values[index] for name, values in columns.items()}


def picked(pool: Sequence[str | None] | pa.Array, index: Numbers) -> pa.Array:
    """Text of a pool at each index; null where the index is negative."""
    pool = pool if isinstance(pool, pa.Array) else pa.array(pool, pa.string())
    return pool.take(pa.array(np.where(index < 0, 0, index), mask=index < 0))


def joined(*parts: Text) -> pa.Array:
    """Text one after the other; null where one part is null."""
    scalars = [pa.scalar(part, pa.string()) if isinstance(part, str) else part for part in parts]
    return pc.binary_join_element_wise(*scalars, pa.scalar("", pa.string()))


def either(mask: Numbers, chosen: Text, other: Text) -> pa.Array:
    """The chosen text where the mask is true, else the other; one string or None stand for all rows."""
    first, second = (
        pa.scalar(text, pa.string()) if text is None or isinstance(text, str) else text for text in (chosen, other)
    )
    return pc.if_else(pa.array(mask), first, second)


def constant(text: str | None, count: int) -> pa.Array:
    """The same text in each row."""
    return pa.repeat(pa.scalar(text, pa.string()), count)


def numerals(numbers: Numbers, width: int = 0) -> pa.Array:
    """Whole numbers as text, with leading zeros up to the width."""
    text = pa.array(np.asarray(numbers)).cast(pa.string())
    return pc.utf8_lpad(text, width, "0") if width else text


def amounts(cents: Numbers, mask: Numbers | None = None) -> pa.Array:
    """Cents as decimal text, such as 12.50; null where the mask is true."""
    low = np.ascontiguousarray(cents, dtype=np.int64)
    words = np.stack([low, low >> 63], axis=1)
    decimals = pa.Array.from_buffers(pa.decimal128(18, 2), len(low), [None, pa.py_buffer(words.tobytes())])
    text = decimals.cast(pa.string())
    return text if mask is None else either(mask, None, text)


def flags(mask: Numbers) -> pa.Array:
    """true and false as text."""
    return either(mask, "true", "false")


def seconds(days: Numbers | int, second_of_day: Numbers | int) -> Numbers:
    """Seconds since 1970 of a moment on a simulated day."""
    return np.asarray(days, dtype=np.int64) * DAY_SECONDS + np.asarray(second_of_day, dtype=np.int64) + _START_SECOND


def days_of(moment: Numbers) -> Numbers:
    """The simulated day of each moment."""
    return (moment - _START_SECOND) // DAY_SECONDS


def timestamps(moment: Numbers, mask: Numbers | None = None) -> pa.Array:
    """Moments as Arrow timestamps; null from the day that never comes on, and where the mask is true."""
    absent = moment >= _START_SECOND + (NEVER - 100_000) * DAY_SECONDS
    return pa.array(np.asarray(moment).astype("datetime64[s]"), mask=absent if mask is None else absent | mask)


def moments(moment: Numbers, mask: Numbers | None = None) -> pa.Array:
    """Moments as ISO 8601 in UTC, such as 2026-03-05T09:30:00Z; null as in `timestamps`."""
    return joined(pc.replace_substring(timestamps(moment, mask).cast(pa.string()), " ", "T"), "Z")


def dates(days: Numbers, mask: Numbers | None = None) -> pa.Array:
    """Simulated days as ISO 8601 dates; null for the day that never comes."""
    absent = days >= NEVER - 100_000
    since_1970 = np.where(absent, 0, days + _START_SECOND // DAY_SECONDS).astype("datetime64[D]")
    return pa.array(since_1970, mask=absent if mask is None else absent | mask).cast(pa.string())


def hexadecimal(words: Numbers) -> pa.Array:
    """64 bits as 16 hexadecimal digits."""
    octets = np.ascontiguousarray(words, dtype=">u8").view(np.uint8)
    nibbles = np.stack([octets >> 4, octets & 15], axis=1).reshape(-1)
    letters = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)[nibbles]
    offsets = np.arange(len(words) + 1, dtype=np.int32) * 16
    buffers = [None, pa.py_buffer(offsets.tobytes()), pa.py_buffer(letters.tobytes())]
    return pa.Array.from_buffers(pa.string(), len(words), buffers)


def json_objects(fields: Mapping[str, Text], end: str = "}") -> pa.Array:
    """JSON objects of fields that are JSON already, the first never null; another is left out where it is null."""
    (first, value), *others = fields.items()
    members = [pc.fill_null(joined(f',"{name}":', text), "") for name, text in others]
    return joined(f'{{"{first}":', value, *members, end)


def json_strings(text: Text) -> pa.Array:
    """Text without quotes, backslashes and line breaks as JSON strings."""
    return joined('"', text, '"')
