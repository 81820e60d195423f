"""A table as a spreadsheet (.xlsx), row by row in constant memory; what a cell can't hold exactly stands as text."""

import datetime as dt
import math
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import pyarrow as pa

from orchestration.publishing.export_tables import ExportError, SeenTable

# Rows of a sheet, the heading among them, and characters of a cell, as Excel has them.
SHEET_ROWS = 1_048_576
_CELL_CHARACTERS = 32_767
_LARGEST_INTEGER = 2**53
_FIRST_DAY = dt.date(1900, 3, 1)
_ROWS_AT_ONCE = 5_000


def write_spreadsheet(path: Path, table: SeenTable, batches: Iterator[pa.RecordBatch]) -> None:
    """Write one sheet with a heading; raise `ExportError` for a text that is longer than a cell."""
    import xlsxwriter

    options = {"constant_memory": True, "tmpdir": str(path.parent), "default_date_format": "yyyy-mm-dd"}
    with xlsxwriter.Workbook(str(path), options) as book:
        sheet = book.add_worksheet(table.table[:31])
        bold, moment = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 0)
        for place, name in enumerate(table.columns):
            sheet.write_string(0, place, name, bold)
        numerics = [kind.startswith(("numeric", "decimal")) for kind in table.columns.values()]
        row = 0
        for batch in batches:
            for start in range(0, batch.num_rows, _ROWS_AT_ONCE):
                columns = [column.to_pylist() for column in batch.slice(start, _ROWS_AT_ONCE).columns]
                for values in zip(*columns, strict=True):
                    row += 1
                    for place, value in enumerate(values):
                        shown = _cell(value, is_numeric=numerics[place])
                        if isinstance(shown, bool):
                            sheet.write_boolean(row, place, shown)
                        elif isinstance(shown, int | float):
                            sheet.write_number(row, place, shown)
                        elif isinstance(shown, dt.date):
                            sheet.write_datetime(row, place, shown, moment if isinstance(shown, dt.datetime) else None)
                        elif shown is not None:
                            _text(sheet, row, place, shown, table)


def _cell(value: Any, *, is_numeric: bool) -> Any:
    """The value as a cell holds it exactly: a number, a boolean, a moment, or else text."""
    if value is None or isinstance(value, bool):
        return value
    if is_numeric:
        try:
            value = Decimal(value)
        except InvalidOperation:
            return str(value)
    if isinstance(value, Decimal):
        # A cell holds the digits of a double; a text with more of them is the number, a cell with fewer is not.
        return float(value) if value.is_finite() and Decimal(repr(float(value))) == value else format(value, "f")
    if isinstance(value, int):
        return value if abs(value) <= _LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dt.datetime):
        return value.replace(tzinfo=None) if value.date() >= _FIRST_DAY else value.isoformat(" ")
    if isinstance(value, dt.date):
        return value if value >= _FIRST_DAY else value.isoformat()
    return str(value)


def _text(sheet: Any, row: int, place: int, text: str, table: SeenTable) -> None:
    if len(text.encode("utf-16-le")) // 2 > _CELL_CHARACTERS:
        raise ExportError(
            f"Column {list(table.columns)[place]} of {table.name} holds a text of {len(text):,} characters, more than a"
            " cell of a spreadsheet can: export it as csv or parquet."
        )
    # Never a formula and never a link, whatever it begins with.
    sheet.write_string(row, place, text)
