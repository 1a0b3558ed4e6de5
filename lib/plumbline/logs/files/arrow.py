"""Arrow and Feather files as Parquet, a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from plumbline.domain import PlumblineError


def write_table(file: Path, target: Path, *, rows: int | None) -> None:
    """Write the record batches of an Arrow file or stream to a Parquet file.

    Args:
        rows: stop after about so many.

    Raises:
        PlumblineError: the file is damaged, or holds a type that Parquet cannot.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with pa.OSFile(str(file), "rb") as opened:
            reader, batches = _batches(pa, opened)
            schema = _portable_schema(pa, reader.schema)
            written = 0
            with parquet.ParquetWriter(str(target), schema) as writer:
                for batch in batches:
                    batch.validate(full=True)
                    table = pa.Table.from_batches([batch])
                    writer.write_table(table.cast(schema))
                    written += batch.num_rows
                    if rows is not None and written >= rows:
                        break
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise PlumblineError(
            "The Arrow file is damaged or holds a type that cannot be read",
            where=file.name,
            todo="Save it as Parquet and load that.",
        ) from error


def _batches(pa: Any, opened: Any) -> tuple[Any, Iterator[Any]]:
    start = opened.read(6)
    opened.seek(0)
    if start == b"ARROW1":
        reader = pa.ipc.open_file(opened)
        return reader, (reader.get_batch(i) for i in range(reader.num_record_batches))
    reader = pa.ipc.open_stream(opened)
    return reader, iter(reader)


def _portable_schema(pa: Any, schema: Any) -> Any:
    """The schema with what Parquet has no word for, or what pandas packs, spelt plainly; metadata left out."""
    return pa.schema([pa.field(f.name, _portable_type(pa, f.type)) for f in schema])


def _portable_type(pa: Any, kind: Any) -> Any:
    types = pa.types
    if types.is_dictionary(kind):
        return _portable_type(pa, kind.value_type)
    if types.is_null(kind):
        return pa.string()
    if types.is_float16(kind):
        return pa.float32()
    if types.is_duration(kind):
        return pa.int64()
    return kind
