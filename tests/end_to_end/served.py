"""People of the company as `onefolk profile` serves them: copies to write into, and the command in this process."""

import itertools
import shutil
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import pytest

from orchestration.settings import Settings
from orchestration.warehouse import Row, open_warehouse
from tests.conftest import environment_of, make_settings
from tests.end_to_end.company import CLOCK, SECRET

_NUMBERS = itertools.count(1)


def copy_of(settings: Settings, folder: Path) -> Settings:
    """The same warehouse again, for a test to write into."""
    if settings.target == "duckdb":
        copied = make_settings("duckdb", folder, as_of=CLOCK, secret=SECRET)
        copied.home.mkdir(parents=True)
        shutil.copyfile(settings.warehouse_path, copied.warehouse_path)
        return copied
    import adbc_driver_postgresql.dbapi as adbc

    name = f"{settings.postgres_dbname}_copy_{next(_NUMBERS)}"
    uri = f"host='{settings.postgres_host}' user=postgres dbname=postgres"
    with adbc.connect(uri, autocommit=True) as connection, connection.cursor() as cursor:
        cursor.execute(f"create database {name} template {settings.postgres_dbname}")
    place = {"postgres_host": settings.postgres_host, "postgres_user": "postgres", "postgres_dbname": name}
    return make_settings("postgres", folder, as_of=CLOCK, secret=SECRET, **place)


def rows(settings: Settings, sql: str) -> list[Row]:
    """Rows of a query."""
    with open_warehouse(settings) as warehouse:
        return warehouse.rows(sql)


def execute(settings: Settings, *statements: str) -> None:
    """Run statements."""
    with open_warehouse(settings) as warehouse:
        for sql in statements:
            warehouse.execute(sql)


class Answer(NamedTuple):
    """What a command said, and its exit code."""

    code: int
    out: str
    error: str


Command = Callable[..., Answer]


def command(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: str = "profile"
) -> Command:
    """One command of `onefolk` in this process: `call(*arguments)`."""
    from orchestration.cli import main

    for name, value in environment_of(settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> Answer:
        monkeypatch.setattr(sys, "argv", ["onefolk", *words.split(), *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Answer(int(ended.value.code or 0), said.out, said.err)

    return call


class Page(HTMLParser):
    """A page taken apart: its text as a person reads it, its tags, and every attribute."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self._texts: list[str] = []
        self.feed(html)
        self.close()

    @property
    def text(self) -> str:
        """Every text, what stands in attributes among it, parted by line ends."""
        return "\n".join([*self._texts, *(value for _, value in self.attributes)])

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self._texts.append(data)
