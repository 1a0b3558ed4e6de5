"""A skops file read as plain data: attributes, lists and arrays, and never an object of its classes.

skops keeps a scikit-learn model as a zip archive: ``schema.json`` says how the objects nest, arrays lie beside
it in NumPy's own format. Loading it with skops builds the objects, and a tree whose node numbers are not checked
then crashes when it scores. Here nothing is built and nothing imported: a class is a name, held against the list of
those that we know, and what a model needs is taken from its attributes by ``scikit`` and checked like any file.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plumbline.explain.trees import refuse

MAX_ENTRIES = 60_000
MAX_UNPACKED = 512 * 2**20
MAX_SCHEMA = 96 * 2**20
MAX_DEPTH = 64
SCHEMA = "schema.json"


@dataclass(frozen=True, slots=True)
class SkopsObject:
    """An object of the file as data: its class by name and its attributes."""

    module: str
    kind: str
    state: Mapping[str, Any]

    def get(self, name: str, default: Any = None) -> Any:
        return self.state.get(name, default)

    def need(self, name: str) -> Any:
        """The attribute; raises PlumblineError where the file has none: the model was not fitted."""
        if self.state.get(name) is None:
            raise refuse(f"its {self.kind} has no {name!r}; was the model fitted before it was saved?")
        return self.state[name]


def read_skops(body: bytes) -> Any:
    """The outermost object of a skops file.

    Raises PlumblineError where it is no such file, is damaged, unpacks to too much or nests too deep.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        entries = {entry.filename: entry for entry in archive.infolist()}
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise refuse("its archive is damaged") from error
    if SCHEMA not in entries:
        raise refuse(
            "it is a zip archive without a skops schema (PyTorch and Keras files are not read)",
            "Save a scikit-learn model with skops.io.dump(model, 'model.skops').",
        )
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries.values()) > MAX_UNPACKED:
        raise refuse(f"it unpacks to too much; at most {MAX_UNPACKED // 2**20} MB are accepted")
    if entries[SCHEMA].file_size > MAX_SCHEMA:
        raise refuse("its schema is too large")
    try:
        schema = json.loads(_entry(archive, entries[SCHEMA]))
    except (ValueError, RecursionError) as error:
        raise refuse("its schema is damaged") from error
    return _SchemaReader(archive, entries).node(schema, 0)


def _entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(entry) as stream:
            data = stream.read(entry.file_size + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError, ValueError) as error:
        raise refuse(f"its part {entry.filename[:40]!r} is damaged") from error
    except MemoryError:
        raise
    except Exception as error:  # zlib and its kin raise errors of their own
        raise refuse(f"its part {entry.filename[:40]!r} cannot be unpacked") from error
    if len(data) != entry.file_size:
        raise refuse(f"its part {entry.filename[:40]!r} is not as long as it says")
    return data


class _SchemaReader:
    """Walks the schema; objects that are referred to again are kept by their number in the file."""

    def __init__(self, archive: zipfile.ZipFile, entries: dict[str, zipfile.ZipInfo]) -> None:
        self.archive, self.entries = archive, entries
        self.seen: dict[Any, Any] = {}

    def node(self, node: Any, depth: int) -> Any:
        if depth > MAX_DEPTH or not isinstance(node, dict):
            raise refuse("its schema nests too deep" if depth > MAX_DEPTH else "its schema is damaged")
        loader, key = node.get("__loader__"), node.get("__id__")
        if loader == "CachedNode":
            if key not in self.seen:
                raise refuse("a part of it refers to itself, or to a part that is not there")
            return self.seen[key]
        loaded = self._read_node(node, str(loader), depth)
        if isinstance(key, int):
            self.seen[key] = loaded
        return loaded

    def _read_node(self, node: dict[str, Any], loader: str, depth: int) -> Any:
        content = node.get("content")
        if loader == "JsonNode":
            try:
                return json.loads(content) if isinstance(content, str) else content
            except (ValueError, RecursionError) as error:
                raise refuse("a value in its schema is damaged") from error
        if loader in ("ListNode", "TupleNode", "SetNode"):
            return list(self._items(content, depth))
        if loader == "DictNode":
            return self._dict(content, depth)
        if loader == "NdArrayNode":
            return self._array(node, depth)
        if loader == "TypeNode":
            return f"{node.get('__module__')}.{node.get('__class__')}"
        state = None
        if isinstance(content, dict) and "__loader__" in content:
            state = self.node(content, depth + 1)
        attributes = state if isinstance(state, dict) else {}
        return SkopsObject(str(node.get("__module__")), str(node.get("__class__")), attributes)

    def _items(self, content: Any, depth: int) -> Iterator[Any]:
        if not isinstance(content, list):
            raise refuse("its schema is damaged")
        for item in content:
            yield self.node(item, depth + 1)

    def _dict(self, content: Any, depth: int) -> dict[str, Any]:
        if not isinstance(content, dict):
            raise refuse("its schema is damaged")
        return {str(name): self.node(item, depth + 1) for name, item in content.items()}

    def _array(self, node: dict[str, Any], depth: int) -> NDArray[Any]:
        if node.get("type") == "numpy":
            entry = self.entries.get(str(node.get("file")))
            if entry is None:
                raise refuse("it lacks an array that its schema names")
            return _numpy(_entry(self.archive, entry))
        content = node.get("content")
        values = (
            list(self._items(content, depth)) if isinstance(content, list) else self.node(content, depth + 1)
        )
        if not isinstance(values, list):
            raise refuse("its schema is damaged")
        shape = node.get("shape")
        wanted = self.node(shape, depth + 1) if isinstance(shape, dict) else [len(values)]
        for _ in wanted[1:] if isinstance(wanted, list) else ():  # a table comes as lists in a list
            values = [item for row in values if isinstance(row, list) for item in row]
        cells = np.empty(len(values), dtype=object)
        for place, value in enumerate(values):
            cells[place] = value
        try:
            return cells.reshape([int(length) for length in wanted])
        except (TypeError, ValueError, OverflowError) as error:
            raise refuse("an array in it has another shape than it says") from error


def _numpy(body: bytes) -> NDArray[Any]:
    """An array in NumPy's format, whose declared size is held against its bytes before any memory is taken."""
    stream = io.BytesIO(body)
    try:
        version = np.lib.format.read_magic(stream)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, by_column, dtype = read(stream)
    except Exception as error:  # the header is parsed as a literal: many ways to be wrong
        raise refuse("an array in it is damaged") from error
    if dtype.hasobject:
        raise refuse("an array in it holds Python objects, which can run code when they are read")
    count = 1
    for length in shape:
        count *= int(length)
    if count < 0 or count * dtype.itemsize != len(body) - stream.tell():
        raise refuse("an array in it is not as long as it says")
    flat: NDArray[Any] = np.frombuffer(body, dtype, count, stream.tell())
    return flat.reshape(shape, order="F" if by_column else "C")
