"""Rows of a sync model as the warehouse has them: the same Arrow types, in the order of the key, on both engines."""

from collections.abc import Iterator

import pyarrow as pa

from orchestration.activation.errors import DeliveryError
from orchestration.warehouse import Warehouse, quoted

# What the engines call the types of a contract.
_TYPES = {
    "text": pa.string(),
    "varchar": pa.string(),
    "character varying": pa.string(),
    "integer": pa.int32(),
    "smallint": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp without time zone": pa.timestamp("us"),
    "double": pa.float64(),
    "double precision": pa.float64(),
}


def relation_schema(warehouse: Warehouse, schema: str, table: str) -> pa.Schema:
    """Arrow schema of a table; raise `DeliveryError` when it is not built or a type has no exact counterpart."""
    found = warehouse.rows(
        "select column_name, data_type, numeric_precision, numeric_scale from information_schema.columns"
        " where table_schema = $1 and table_name = $2 and table_catalog = current_catalog order by ordinal_position",
        [schema, table],
    )
    if not found:
        raise DeliveryError(f"{schema}.{table} is not built, so nothing is delivered: build first.")
    return pa.schema([(name, _arrow_type(f"{table}.{name}", *rest)) for name, *rest in found])


def _arrow_type(where: str, data_type: str, precision: int | None, scale: int | None) -> pa.DataType:
    name = data_type.lower()
    if name.startswith(("decimal", "numeric")) and precision is not None and scale is not None:
        return pa.decimal128(precision, scale)
    if name not in _TYPES:
        allowed = "text, integer, bigint, boolean, date, timestamp, numeric(28,6)"
        raise DeliveryError(f"Column {where} has type {data_type}, which can't be delivered; allowed are {allowed}.")
    return _TYPES[name]


def type_name(data_type: pa.DataType) -> str:
    """The type as contracts write it."""
    if pa.types.is_decimal(data_type):
        return f"numeric({data_type.precision},{data_type.scale})"
    return next(name for name, known in _TYPES.items() if known == data_type)


def count_rows(warehouse: Warehouse, schema: str, table: str) -> int:
    """Number of rows of a table."""
    return int(warehouse.rows(f"select count(*) from {quoted(schema, table)}")[0][0])


def ordered_batches(
    warehouse: Warehouse, schema: str, table: str, columns: pa.Schema, key: tuple[str, ...]
) -> Iterator[pa.RecordBatch]:
    """All rows, a batch at a time, by key; texts in the order of their bytes, which is the same everywhere."""
    chosen = ", ".join(_selected(warehouse, field) for field in columns)
    order = ", ".join(_ordered(warehouse, columns.field(name)) for name in key)
    sql = f"select {chosen} from {quoted(schema, table)} as wanted order by {order}"
    for batch in warehouse.batches(sql):
        yield batch.cast(columns)


def _selected(warehouse: Warehouse, field: pa.Field) -> str:
    name = quoted(field.name)
    # The driver of Postgres has no decimal; as text the number stays exact.
    as_text = warehouse.dialect == "postgres" and pa.types.is_decimal(field.type)
    return f"cast({name} as text) as {name}" if as_text else name


def _ordered(warehouse: Warehouse, field: pa.Field) -> str:
    # Qualified, since the name alone would be the column as selected: a number as text.
    name = f"wanted.{quoted(field.name)}"
    by_bytes = warehouse.dialect == "postgres" and pa.types.is_string(field.type)
    return f'{name} collate "C"' if by_bytes else name
