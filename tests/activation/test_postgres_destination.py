"""Rows into a real Postgres that isn't ours: exact, in whole batches, and nobody else's lost."""

import json
import os
import secrets as random_secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import psycopg2
import pytest
import yaml

from orchestration.activation.connections import Secrets, WrongConnectionError, parse_connection
from orchestration.activation.destinations.postgres import PostgresDestination, open_destination
from orchestration.activation.destinations.protocol import (
    Answered,
    Batch,
    BatchRefusedError,
    DeliveryClass,
    Destination,
    NotAllowedError,
    Operation,
    Row,
    Target,
    TryLaterError,
    UnsureError,
)
from orchestration.activation.engine import SyncRun, run_sync
from orchestration.settings import Settings
from tests.activation.conftest import Desk, people

UGLY = {
    "nothing": None,
    "empty": "",
    "quotes": 'it\'s "quoted" \\N \\ \\t',
    "lines": "one\ntwo\r\nthree\tfour",
    "greek": "Ελληνικά, Русский, 日本語, العربية",
    "emoji": "👩‍👩‍👧‍👦🏳️‍🌈",
    "long": "ä" * 16_384,
    "copy_end": "\\.",
    "amount": Decimal("12345678901234567890.123456"),
    "whole": 2**63 - 1,
    "is_on": True,
    "is_off": False,
    "first_day": "0001-01-01",
    "last_day": "9999-12-31",
    "moment": "2026-03-05T10:00:00.500000Z",
    "nested": {"a": [1, None, 'é\n"x"'], "b": {"c": True}},
    "list": ["a", "b"],
}


class Shop:
    """A database of a shop, with an owner's view of it, and destinations in it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.opened: list[PostgresDestination] = []
        self.connection = psycopg2.connect(
            host=settings.postgres_host, user=settings.postgres_user, dbname=settings.postgres_dbname
        )
        self.connection.autocommit = True

    def rows(self, sql: str, values: Any = None) -> list[tuple[Any, ...]]:
        """Rows of a query; none of a statement."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def types(self) -> dict[str, str]:
        """Columns of `people` and their types."""
        return dict(
            self.rows(
                "select attname, format_type(atttypid, atttypmod) from pg_attribute"
                " where attrelid = 'people'::regclass and attnum > 0"
            )
        )

    def open(self, table: str = "people", mode: str = "upsert", **declared: Any) -> PostgresDestination:
        """A destination as a connection declares it."""
        place = {
            "host": self.settings.postgres_host,
            "user": self.settings.postgres_user,
            "dbname": self.settings.postgres_dbname,
        }
        config = parse_connection("shop", {"type": "postgres"} | place | declared)
        self.opened.append(open_destination(config, Target(table, mode), Secrets()))  # type: ignore[arg-type]  # a Config of ours
        return self.opened[-1]


@pytest.fixture
def shop(postgres_settings_factory: Callable[..., Settings], tmp_path: Path) -> Iterator[Shop]:
    """An empty database."""
    found = Shop(postgres_settings_factory(tmp_path))
    yield found
    for destination in found.opened:
        destination.close()
    found.connection.close()


def row(seq: int, key: Any, operation: Operation = Operation.ADD, **payload: Any) -> Row:
    """A planned row whose key is `id`."""
    told = {} if operation is Operation.REMOVE else payload
    return Row(seq, {"id": key}, operation, {"id": key} | told, f"key-{seq}")


def batch(*rows: Row) -> Batch:
    """A batch of rows."""
    return Batch("people_of_shop", "people", "batch-key", rows)


def outcomes(answer: Answered) -> dict[int, str]:
    """Outcome by place in the plan; every row has one."""
    assert len({told.seq for told in answer.rows}) == len(answer.rows)
    return {told.seq: told.outcome for told in answer.rows}


def test_it_is_a_destination_that_may_be_sent_the_same_twice(shop: Shop) -> None:
    """It keeps the protocol, and the same batch sent again changes nothing and says so."""
    destination = shop.open()
    assert isinstance(destination, Destination)
    assert destination.delivery_class is DeliveryClass.UPSERT
    assert (destination.limits.max_rows, destination.limits.max_bytes) == (10_000, 64_000_000)
    sent = batch(row(1, "a", note="x"), row(2, "b", note=None))
    assert outcomes(destination.send(sent)) == {1: "ok", 2: "ok"}
    before = shop.rows("select xmin::text, ctid::text, id, note from people order by id")
    assert outcomes(destination.send(sent)) == {1: "noop", 2: "noop"}
    assert shop.rows("select xmin::text, ctid::text, id, note from people order by id") == before


@pytest.mark.parametrize("mode", ["insert", "append"])
def test_what_is_only_added_takes_nobodys_place(shop: Shop, mode: str) -> None:
    """A key that is there already is refused where the rows differ, and was so already where they don't."""
    shop.rows("create table people (id text primary key, note text, details json)")
    shop.rows("""insert into people values ('other', 'of the shop', null), ('same', 'y', '{"a": 1}')""")
    sent = batch(row(1, "new", note="n"), row(2, "other", note="ours"), row(3, "same", note="y", details={"a": 1}))
    for first in ("ok", "noop"):
        answer = shop.open(mode=mode).send(sent)
        assert outcomes(answer) == {1: first, 2: "rejected", 3: "noop"}
    refused = next(told for told in answer.rows if told.seq == 2)
    assert (refused.code, "changes none" in (refused.message or "")) == ("23505", True)
    assert shop.rows("select id, note from people order by id") == [
        ("new", "n"),
        ("other", "of the shop"),
        ("same", "y"),
    ]


def test_rows_come_change_and_leave_and_nobody_elses_do(shop: Shop) -> None:
    """One batch adds, changes, leaves alone and removes; rows and columns that others keep in the table stay."""
    shop.rows("create table people (id text primary key, note text, theirs int default 7)")
    shop.rows("insert into people values ('other', 'of the shop', 1), ('gone', 'x', 2), ('same', 'y', 3)")
    answer = shop.open().send(
        batch(
            row(1, "new", note="n"),
            row(2, "same", Operation.CHANGE, note="y"),
            row(3, "gone", Operation.REMOVE),
            row(4, "never", Operation.REMOVE),
        )
    )
    assert outcomes(answer) == {1: "ok", 2: "noop", 3: "ok", 4: "noop"}
    assert outcomes(shop.open().send(batch(row(9, "same", Operation.CHANGE, note="z")))) == {9: "ok"}
    assert shop.rows("select * from people order by id") == [
        ("new", "n", 7),
        ("other", "of the shop", 1),
        ("same", "z", 3),
    ]


def test_values_are_exact_and_types_are_found(shop: Shop) -> None:
    """Ugly values come out as they went in, in a table whose columns have the types of the first batch."""
    destination = shop.open()
    sent = row(1, "k", **UGLY)
    assert destination.problems(sent) is None
    assert outcomes(destination.send(batch(sent))) == {1: "ok"}
    names = ", ".join(f'"{name}"' for name in UGLY)
    found = dict(zip(UGLY, shop.rows(f"select {names} from people")[0], strict=True))
    read = {
        "first_day": date(1, 1, 1),
        "last_day": date(9999, 12, 31),
        "moment": datetime(2026, 3, 5, 10, 0, 0, 500000, UTC),
    }
    assert found == UGLY | read
    assert shop.types() == {
        **dict.fromkeys(("id", "nothing", "empty", "quotes", "lines", "greek", "emoji", "long", "copy_end"), "text"),
        "amount": "numeric",
        "whole": "bigint",
        **dict.fromkeys(("is_on", "is_off"), "boolean"),
        **dict.fromkeys(("first_day", "last_day"), "date"),
        "moment": "timestamp with time zone",
        **dict.fromkeys(("nested", "list"), "jsonb"),
    }
    kinds = destination.catalogue().fields
    told = ("id", "amount", "whole", "is_on", "first_day", "moment", "nested")
    assert [kinds[name] for name in told] == ["text", "number", "number", "boolean", "date", "timestamp", "any"]
    assert outcomes(shop.open().send(batch(row(2, "k", **UGLY)))) == {2: "noop"}


def test_types_fit_every_row_of_the_first_batch(shop: Shop) -> None:
    """Whole and broken numbers make a numeric, days and other texts a text, and what only looks like a day a text."""
    rows = [
        row(1, 1, n=1, d="2026-01-01", bad="2026-13-01", mixed=1, big=2**70),
        row(2, 2, n=0.5, d="unknown", bad="2026-12-01", mixed="1", big=1),
        row(3, 3, n=None, d=None, bad=None, mixed=None, big=None),
    ]
    destination = shop.open()
    destination.send(batch(*rows))
    expected = {"id": "bigint", "n": "numeric", "d": "text", "bad": "text", "mixed": "text", "big": "numeric"}
    assert shop.types() == expected
    assert shop.rows("select n, mixed, big from people order by id") == [
        (Decimal(1), "1", Decimal(2**70)),
        (Decimal("0.5"), "1", Decimal(1)),
        (None, None, None),
    ]


def test_python_values_and_moments_without_a_zone_are_utc(shop: Shop) -> None:
    """A moment without a zone is in UTC, whatever the zone of the database is."""
    shop.rows(f"alter database {shop.settings.postgres_dbname} set timezone = 'Asia/Tokyo'")
    shop.open().send(batch(row(1, "a", at=datetime(2026, 1, 1, 12), day=date(2026, 1, 1))))
    told = "select at at time zone 'UTC', day from people"
    assert shop.rows(told) == [(datetime(2026, 1, 1, 12), date(2026, 1, 1))]


def test_columns_that_a_row_does_not_speak_of_stay(shop: Shop) -> None:
    """Rows of one batch may speak of different columns; null clears, and what isn't said stays."""
    destination = shop.open()
    destination.send(batch(row(1, "a", x="1", y="1"), row(2, "b", x="1", y="1")))
    destination.send(batch(row(3, "a", x="2"), row(4, "b", y=None), row(5, "c")))
    assert shop.rows("select id, x, y from people order by id") == [
        ("a", "2", "1"),
        ("b", "1", None),
        ("c", None, None),
    ]


def test_types_without_equality_and_of_their_own_are_written(shop: Shop) -> None:
    """Columns of json, point, an enumeration and a case-blind domain are written, and known again."""
    shop.rows("create type mood as enum ('sad', 'glad')")
    shop.rows("create table people (id int primary key, j json, p point, m mood, v varchar(3), u uuid)")
    sent = batch(row(1, "1", j={"a": 1}, p="(1,2)", m="glad", v="abc", u="b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"))
    destination = shop.open()
    assert outcomes(destination.send(sent)) == {1: "ok"}
    assert outcomes(destination.send(sent)) == {1: "noop"}
    assert shop.rows("select j, m, v from people") == [({"a": 1}, "glad", "abc")]


def test_two_rows_of_one_key_by_the_tables_rules_are_told(shop: Shop) -> None:
    """Keys that differ for us and not for the table don't overwrite each other in silence: the later is rejected."""
    shop.rows("create table people (id int primary key, note text)")
    answer = shop.open().send(batch(row(1, "1", note="a"), row(2, 1, note="b"), row(3, "01", note="c"), row(4, 2)))
    assert outcomes(answer) == {1: "ok", 2: "rejected", 3: "rejected", 4: "ok"}
    assert shop.rows("select note from people where id = 1") == [("a",)]


def test_keys_of_several_columns_and_odd_names_work(shop: Shop) -> None:
    """A key may have several columns, and names may hold quotes, capitals and percent signs."""
    key = {'Sh"op': "x", "100%": 1}
    destination = shop.open('Pe"ople %s')
    rows = [Row(n, key | {"100%": n}, Operation.ADD, key | {"100%": n, "select": n}, "k") for n in (1, 2)]
    assert outcomes(destination.send(batch(*rows))) == {1: "ok", 2: "ok"}
    gone = Row(3, rows[0].key, Operation.REMOVE, rows[0].key, "k")
    assert outcomes(destination.send(batch(gone))) == {3: "ok"}
    assert shop.rows('select "100%%", "select" from "Pe""ople %%s"', []) == [(2, 2)]


@pytest.mark.parametrize(
    ("definition", "theirs", "good", "bad", "code", "told"),
    [
        ("age int", 5, 1, "secret@shop.example", "22P02", "column age"),
        ("age smallint", 5, 1, 123_456_789, "22003", "column age"),
        ("born date", "2020-01-01", "2026-01-01", "secret 2026", "22007", "column born"),
        ("note varchar(3)", "y", "x", "secret", "22001", "column note"),
        ("note text not null", "y", "x", None, "23502", "column note"),
        ("note text check (note <> 'secret')", "y", "x", "secret", "23514", "constraint people_note_check"),
        ("note text unique", "taken", "x", "taken", "23505", "constraint people_note_key"),
        ("doc jsonb", "2", "1", "{secret", "22P02", "column doc"),
        ("doc json", "2", "1", "\nCOPY onefolk_rows_1, line 1, column secret: x", "22P02", ""),
        ("late text unique deferrable initially deferred", "taken", "x", "taken", "23505", "people_late_key"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_without_its_value(
    shop: Shop, definition: str, theirs: Any, good: Any, bad: Any, code: str, told: str
) -> None:
    """A batch with it is refused whole; alone it is rejected with the SQLSTATE, the column, and no value at all."""
    shop.rows(f"create table people (id text primary key, {definition})")
    column = definition.split()[0]
    shop.rows(f"insert into people (id, {column}) values ('theirs', %s)", [theirs])
    destination = shop.open()
    good_row, bad_row = row(1, "a", **{column: good}), row(2, "secret-key", **{column: bad})
    assert destination.problems(bad_row) is None
    with pytest.raises(BatchRefusedError) as refused:
        destination.send(batch(good_row, bad_row))
    assert shop.rows("select id from people") == [("theirs",)]
    answer = destination.send(batch(bad_row)).rows[0]
    assert (answer.outcome, answer.code) == ("rejected", code)
    for sentence in (str(refused.value), str(answer.message)):
        assert told in sentence
        assert not any(word in sentence for word in ("secret", "taken", "123456789", "shop.example"))
    assert outcomes(destination.send(batch(good_row))) == {1: "ok"}


def test_a_rule_of_a_trigger_is_a_rule(shop: Shop) -> None:
    """What a trigger of the table raises rejects the row; its sentence, which may hold values, is not repeated."""
    shop.rows("create table people (id text primary key, note text)")
    shop.rows(
        "create function refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'no % here', new.note; end $$"
    )
    shop.rows("create trigger refuse before insert on people for each row execute function refuse()")
    answer = shop.open().send(batch(row(1, "a", note="secret"))).rows[0]
    assert (answer.outcome, answer.code) == ("rejected", "P0001")
    assert "secret" not in str(answer.message)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (row(1, None), "key is null: id"),
        (row(1, "a", note="a\x00b"), "Column note holds the character NUL"),
        (row(1, "a", note={"x": ["a\x00b"]}), "Column note holds the character NUL"),
        (row(1, "a", note="a\ud83d"), "Column note holds half a character"),
        (row(1, "a", note=["\udc00"]), "Column note holds half a character"),
        (row(1, "a", note=[float("nan")]), "Column note holds what JSON can't"),
        (row(1, "a", note=b"bytes"), "Column note holds what JSON can't"),
    ],
)
def test_what_postgres_can_never_take_is_known_before(shop: Shop, sent: Row, told: str) -> None:
    """A row that no table can hold is invalid before it is sent, in a sentence without its value."""
    assert told in str(shop.open().problems(sent))
    assert shop.open().problems(row(1, "a", note={"x": "a \\u0000 b"})) is None


def test_a_table_that_does_not_fit_is_told_with_the_statement_that_mends_it(shop: Shop) -> None:
    """Without a unique key, or a column, nothing is written; the statement of the error makes it work."""
    shop.rows("create table people (id text, other text)")
    shop.rows("create unique index on people (id) where other is null")
    shop.rows("create unique index on people (lower(id))")
    shop.rows("create unique index on people (id, other)")
    destination = shop.open()
    with pytest.raises(WrongConnectionError, match="no unique constraint on its key, id") as raised:
        destination.send(batch(row(1, "a")))
    assert isinstance(raised.value, NotAllowedError), "the engine stops the sync and shows the sentence"
    shop.rows(str(raised.value).split("`")[1])
    destination = shop.open()
    assert outcomes(destination.send(batch(row(1, "a")))) == {1: "ok"}
    sent = batch(row(2, "a", **{"no te": "secret", "n": 1, "born": "2026-01-01"}))
    with pytest.raises(WrongConnectionError, match="has no column no te, n, born") as raised:
        destination.send(sent)
    assert "secret" not in str(raised.value)
    shop.rows(str(raised.value).split("`")[1])
    assert outcomes(shop.open().send(sent)) == {2: "ok"}
    assert shop.open().catalogue().fields["born"] == "date"


def test_a_table_is_made_only_where_that_is_wanted(shop: Shop) -> None:
    """Nothing to put in makes no table; `create_table: false` never does; a schema has to be there."""
    assert shop.open().catalogue().is_open
    assert outcomes(shop.open().send(batch(row(1, "a", Operation.REMOVE)))) == {1: "noop"}
    assert shop.rows("select to_regclass('people')") == [(None,)]
    closed = shop.open(create_table=False)
    for asked in (closed.catalogue, lambda: closed.send(batch(row(1, "a")))):
        with pytest.raises(WrongConnectionError, match=r"no table public\.people"):
            asked()
    with pytest.raises(WrongConnectionError, match="create schema"):
        shop.open(schema="elsewhere").send(batch(row(1, "a")))
    shop.rows("create schema elsewhere")
    assert outcomes(shop.open(schema="elsewhere").send(batch(row(1, "a")))) == {1: "ok"}
    catalogue = shop.open(schema="elsewhere").catalogue()
    assert (catalogue.required, catalogue.is_open) == (("id",), False)


def test_a_table_that_is_changed_meanwhile_is_looked_at_anew(shop: Shop) -> None:
    """Dropped between two batches, the table is made again at the next attempt."""
    destination = shop.open()
    destination.send(batch(row(1, "a", x=1)))
    shop.rows("drop table people")
    with pytest.raises(TryLaterError, match="looked at anew"):
        destination.send(batch(row(2, "b", x=1)))
    assert outcomes(destination.send(batch(row(2, "b", x=1)))) == {2: "ok"}
    shop.rows("alter table people drop column x")
    with pytest.raises(TryLaterError):
        destination.send(batch(row(3, "c", x=1)))
    with pytest.raises(WrongConnectionError, match='add column "x" bigint'):
        destination.send(batch(row(3, "c", x=1)))


def test_many_threads_and_destinations_make_one_table(shop: Shop) -> None:
    """Batches that are sent at once, by several processes' worth of connections, all arrive, in one table."""
    destinations = [shop.open() for _ in range(3)]
    failures: list[Exception] = []

    def send(number: int) -> None:
        rows = [row(n, number * 1000 + n, note=f"n{n}") for n in range(500)]
        try:
            assert set(outcomes(destinations[number % 3].send(batch(*rows))).values()) == {"ok"}
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert shop.rows("select count(*), count(distinct id) from people") == [(6000, 6000)]


def test_who_may_not_is_told_and_no_row_is_blamed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Missing rights, a read-only server and an unknown database stop the sync; no password is in the sentence."""
    shop.rows("create table people (id text primary key, note text)")
    name = f"guest_{os.getpid()}_{random_secrets.token_hex(4)}"
    shop.rows(f"create role {name} login")
    monkeypatch.setenv("SHOP_PASSWORD", "correct horse battery")
    try:
        guest = shop.open(user=name, password_env="SHOP_PASSWORD")
        for granted in ("select 1", f"grant select on people to {name}", f"grant insert on people to {name}"):
            shop.rows(granted)
            with pytest.raises(NotAllowedError) as refused:
                guest.send(batch(row(1, "a", note="secret")))
            assert "secret" not in str(refused.value)
        shop.rows(f"grant update, delete on people to {name}")
        assert outcomes(guest.send(batch(row(1, "a")))) == {1: "ok"}
        shop.rows(f"alter role {name} set default_transaction_read_only = on")
        for opened in (
            shop.open(user=name),
            shop.open(dbname="nowhere"),
            shop.open(user="nobody_here", password_env="SHOP_PASSWORD"),
        ):
            with pytest.raises(NotAllowedError) as refused:
                opened.send(batch(row(2, "b")))
            assert "correct horse" not in str(refused.value)
    finally:
        guest.close()
        shop.rows(f"drop owned by {name}")
        shop.rows(f"drop role {name}")


def test_who_is_not_there_or_busy_is_asked_later(shop: Shop) -> None:
    """No server, a lock, a deadline and an ended connection are nobody's fault: nothing was taken, try later."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(TryLaterError, match="can't be reached"):
            shop.open(host="127.0.0.1", port=nobody.getsockname()[1]).send(batch(row(1, "a")))
    destination = shop.open(timeout_seconds=0.3)
    destination.send(batch(row(1, "a", note="x")))
    locking = psycopg2.connect(
        host=shop.settings.postgres_host, user=shop.settings.postgres_user, dbname=shop.settings.postgres_dbname
    )
    with locking.cursor() as cursor:
        cursor.execute("lock table people in access exclusive mode")
        with pytest.raises(TryLaterError, match="timeout_seconds"):
            destination.send(batch(row(2, "b", note="x")))
    locking.close()
    shop.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'onefolk'")
    with pytest.raises(TryLaterError, match="connection ended"):
        destination.send(batch(row(2, "b", note="x")))
    assert outcomes(destination.send(batch(row(2, "b", note="x")))) == {2: "ok"}


@contextmanager
def cutting(folder: Path, word: bytes, *, turn: int = 1, after: bool = False) -> Iterator[tuple[int, list[int]]]:
    """A way to the server that is cut when a client says a word for the n-th time: before it is heard, or after."""
    heard: list[int] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def pump(source: socket.socket, sink: socket.socket, *, watched: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if watched and word in data:
                    heard.append(data.count(word))
                if watched and word in data and len(heard) == turn:
                    if after:
                        # The client hears nothing any more, but the server does what it was told.
                        source.shutdown(socket.SHUT_RDWR)
                        sink.sendall(data)
                    break
                sink.sendall(data)
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(folder / ".s.PGSQL.5432"))
                threading.Thread(target=pump, args=(client, server), kwargs={"watched": True}, daemon=True).start()
                threading.Thread(target=pump, args=(server, client), kwargs={"watched": False}, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield listener.getsockname()[1], heard
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.mark.parametrize("after", [False, True])
def test_a_connection_that_is_cut_at_the_commit_leaves_us_unsure(shop: Shop, after: bool) -> None:
    """Nobody knows whether it was taken, so it is sent again, and holds once either way."""
    shop.rows("create table people (id text primary key, note text)")
    with cutting(Path(shop.settings.postgres_host), b"COMMIT", turn=2, after=after) as (port, heard):
        destination = shop.open(host="127.0.0.1", port=port)
        sent = batch(*[row(n, f"p{n}", note="x") for n in range(100)])
        with pytest.raises(UnsureError, match="may be there, or not"):
            destination.send(sent)
        assert len(heard) == 2
        deadline = monotonic() + 20
        while after and shop.rows("select count(*) from people") == [(0,)] and monotonic() < deadline:
            sleep(0.02)
        assert shop.rows("select count(*) from people") == [(100 if after else 0,)]
        assert set(outcomes(destination.send(sent)).values()) == {"noop" if after else "ok"}
        assert shop.rows("select count(*) from people") == [(100,)]


def test_a_connection_that_is_cut_before_the_commit_leaves_nothing(shop: Shop) -> None:
    """Cut in the middle of the rows, none of them is there."""
    shop.rows("create table people (id text primary key, note text)")
    with cutting(Path(shop.settings.postgres_host), b"needle") as (port, heard):
        destination = shop.open(host="127.0.0.1", port=port)
        sent = batch(*[row(n, f"p{n}", note="needle" if n == 4000 else "x" * 100) for n in range(5000)])
        with pytest.raises(TryLaterError) as raised:
            destination.send(sent)
        assert heard
        assert "needle" not in str(raised.value)
        assert shop.rows("select count(*) from people") == [(0,)]
        assert set(outcomes(destination.send(sent)).values()) == {"ok"}


@pytest.mark.parametrize(
    ("host", "declared", "expected"),
    [
        ("db.example.com", {}, "require"),
        ("10.0.0.5", {}, "require"),
        ("localhost", {}, "prefer"),
        ("127.0.0.9", {}, "prefer"),
        ("::1", {}, "prefer"),
        ("/run/postgresql", {}, "prefer"),
        ("localhost,db.example.com", {}, "require"),
        ("db.example.com", {"sslmode": "verify-full", "sslrootcert": "system"}, "verify-full"),
    ],
)
def test_what_leaves_the_machine_is_encrypted(host: str, declared: dict[str, Any], expected: str) -> None:
    """Without a word about it, only this machine itself is spoken to in the clear."""
    config = parse_connection("shop", {"type": "postgres", "host": host, "user": "u", "dbname": "d"} | declared)
    assert config.encryption == expected  # type: ignore[attr-defined]  # a Config of ours


def test_a_server_without_encryption_is_not_spoken_to_where_it_is_required(shop: Shop) -> None:
    """`require` is kept: without encryption no row leaves, and the sentence says which setting decides."""
    with cutting(Path(shop.settings.postgres_host), b"no such word") as (port, _):
        with pytest.raises(NotAllowedError, match="sslmode"):
            shop.open(host="127.0.0.1", port=port, sslmode="require").send(batch(row(1, "a")))
        assert outcomes(shop.open(host="127.0.0.1", port=port).send(batch(row(1, "a")))) == {1: "ok"}


def test_a_wrong_password_is_told_by_the_name_of_its_variable(
    shop: Shop, postgres_server: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The right password opens; a wrong or a missing one stops the sync, and neither is in the sentence."""
    name = f"guest_{os.getpid()}_{random_secrets.token_hex(4)}"
    shop.rows(f"create role {name} login password 'right one'")
    rules = postgres_server / "pg_hba.conf"
    before = rules.read_text()
    rules.write_text(f"local all {name} scram-sha-256\n" + before)
    shop.rows("select pg_reload_conf()")
    try:
        shop.rows(f"grant create on schema public to {name}")
        monkeypatch.setenv("SHOP_PASSWORD", "wrong one")
        for declared, told in (({"password_env": "SHOP_PASSWORD"}, "correct SHOP_PASSWORD"), ({}, "no password_env")):
            with pytest.raises(NotAllowedError, match=told) as refused:
                shop.open(user=name, **declared).send(batch(row(1, "a")))
            assert "wrong one" not in str(refused.value)
        monkeypatch.setenv("SHOP_PASSWORD", "right one")
        opened = shop.open(user=name, password_env="SHOP_PASSWORD")
        assert outcomes(opened.send(batch(row(1, "a")))) == {1: "ok"}
        opened.close()
    finally:
        rules.write_text(before)
        shop.rows("select pg_reload_conf()")
        shop.rows(f"drop owned by {name}")
        shop.rows(f"drop role {name}")


def test_passwords_come_from_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that isn't set is named, and a password in the declaration is refused and not repeated."""
    monkeypatch.delenv("SHOP_PASSWORD", raising=False)
    declared = {"type": "postgres", "host": "h", "user": "u", "dbname": "d", "password_env": "SHOP_PASSWORD"}
    config = parse_connection("shop", declared)
    with pytest.raises(WrongConnectionError, match="SHOP_PASSWORD"):
        open_destination(config, Target("people"), Secrets())  # type: ignore[arg-type]  # a Config of ours
    with pytest.raises(WrongConnectionError) as raised:
        parse_connection("shop", declared | {"password": "hunter2"})
    assert "hunter2" not in str(raised.value)


def test_a_full_batch_takes_seconds(shop: Shop) -> None:
    """10,000 rows of fifteen columns are one batch, well below the time that a batch has."""
    payload = {f"c{n}": f"value {n} " * 3 for n in range(15)}
    destination = shop.open(timeout_seconds=20)
    rows = [row(n, f"person-{n}", **payload) for n in range(10_000)]
    assert len(json.dumps([dict(one.payload) for one in rows])) < destination.limits.max_bytes
    assert set(outcomes(destination.send(batch(*rows))).values()) == {"ok"}
    assert set(outcomes(destination.send(batch(*rows))).values()) == {"noop"}
    removed = [row(n, f"person-{n}", Operation.REMOVE) for n in range(0, 10_000, 2)]
    assert set(outcomes(destination.send(batch(*removed))).values()) == {"ok"}
    assert shop.rows("select count(*) from people") == [(5000,)]


def test_the_engine_delivers_what_differs(desk: Desk, shop: Shop) -> None:
    """A sync of the project, on either ledger: adds, changes and removals arrive; a new ledger finds them there."""
    desk.connection = {
        "type": "postgres",
        "host": shop.settings.postgres_host,
        "user": shop.settings.postgres_user,
        "dbname": shop.settings.postgres_dbname,
    }

    def run() -> SyncRun:
        desk.settings.connections_path.write_text(yaml.safe_dump({"connections": {"peer": desk.connection}}))
        return run_sync(desk.settings, desk.sync(mode="mirror"), now=lambda: desk.now, requires_green=False)

    desk.settings.home.mkdir(parents=True, exist_ok=True)
    desk.put(people(30))
    assert run().outcomes == {"ok": 30}
    assert run().planned == 0
    desk.put([*people(25, p3="Köln"), ("new", "new@shop.example", None, None)])
    assert run().outcomes == {"ok": 7}
    told = "select email, city, order_count from people where email like 'n%' or city = 'Köln' order by email"
    assert shop.rows(told.replace("%", "%%"), []) == [("new@shop.example", None, None), ("p3@shop.example", "Köln", 3)]
    assert shop.rows("select count(*) from people") == [(26,)]
    shop.rows("alter table people drop column city")
    desk.put(people(25, p3="Bonn"))
    stopped = run()
    assert stopped.status == "stopped"
    assert 'add column "city" text' in str(stopped.message)
