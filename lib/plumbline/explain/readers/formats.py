"""Which kind of model file this is, told by its content, and which kinds are refused, with the way out."""

from __future__ import annotations

import bz2
import io
import lzma
import zipfile
import zlib

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message
from plumbline.explain.model import CodedModel, tree_model
from plumbline.explain.readers.lightgbm import FORMAT as LIGHTGBM
from plumbline.explain.readers.lightgbm import read_lightgbm
from plumbline.explain.readers.onnx import FORMAT as ONNX
from plumbline.explain.readers.onnx import read_onnx
from plumbline.explain.readers.scikit.pipeline import FORMAT as SCIKIT
from plumbline.explain.readers.scikit.pipeline import read_scikit
from plumbline.explain.readers.xgboost import FORMAT_JSON, FORMAT_UBJ, read_xgboost
from plumbline.explain.trees import refuse
from plumbline.wording.quantities import count

MAX_BYTES = 128 * 2**20

RESAVE = (
    "Save an XGBoost model with save_model('model.json'), a LightGBM model with "
    "booster_.save_model('model.txt'), a scikit-learn model with skops.io.dump(model, 'model.skops'), "
    "and load that file instead."
)
#: the endings that such files usually have, for a file chooser; the content decides
ENDINGS = ("txt", "json", "ubj", "skops", "onnx", "model", "lgb", "xgb")
#: how a file begins -> what it is; files that can run code when they are read, or that we do not read
_REFUSED: tuple[tuple[bytes, str], ...] = (
    (b"\x80", "a pickle or joblib file, which can run code when it is opened"),
    (b"\x1f\x8b", "compressed, most likely a pickle or joblib file"),
    (b"\x78\x9c", "compressed, most likely a pickle or joblib file"),
    (b"\x78\x01", "compressed, most likely a pickle or joblib file"),
    (b"\x78\xda", "compressed, most likely a pickle or joblib file"),
    (b"BZh", "compressed, most likely a pickle or joblib file"),
    (b"\xfd7zXZ", "compressed, most likely a pickle or joblib file"),
    (b"\x04\x22\x4d\x18", "compressed, most likely a joblib file"),
    (b"\x89HDF", "an HDF5 file, which is not read here"),
    (b"\x93NUMPY", "a NumPy array, not a model"),
    (b"CBM1", "a CatBoost binary, which is not read here"),
    (b"binf", "an XGBoost file in the old binary format"),
)
#: the opcodes a protocol 0 or 1 pickle begins with, before a readable word
_OLD_PICKLES = (
    b"ccopy_reg",
    b"c__builtin__",
    b"cbuiltins",
    b"cposix",
    b"cos\n",
    b"(dp",
    b"(lp",
    b"(i",
    b"}q\x00",
    b"]q\x00",
)


def detect_format(body: bytes) -> str:
    """``LightGBM text``, ``XGBoost JSON``, ``XGBoost UBJSON``, ``scikit-learn (skops)`` or ``ONNX tree ensemble``.

    Looks at the content, never at the file's name. Raises PlumblineError for everything else; for pickle and
    its kin the sentence says how to save the model again.
    """
    if len(body) > MAX_BYTES:
        raise refuse(f"it has {count(len(body) / 2**20)} MB; at most {MAX_BYTES // 2**20} MB are accepted")
    if not body.strip():
        raise refuse("it is empty")
    for magic, what in _REFUSED:
        if body.startswith(magic):
            raise PlumblineError(message("The model file was refused: it is {what}", what=what), todo=RESAVE)
    if body.startswith(_OLD_PICKLES):
        raise PlumblineError(
            "The model file was refused: it is a pickle file, which can run code when it is opened",
            todo=RESAVE,
        )
    if body.startswith(b"PK\x03\x04"):
        return SCIKIT
    if body.startswith(b"\x08") and len(body) > 2 and body[1] < 32:  # its first field: the format's version
        return ONNX
    head = body[:200].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"tree\n") or head.startswith(b"tree\r\n"):
        return LIGHTGBM
    if head.startswith(b"{"):
        second = head[1:].lstrip()[:1]
        if second in (b'"', b"}"):
            return FORMAT_JSON
        if second in (b"L", b"i", b"U", b"I", b"l", b"#", b"$", b"N"):
            return FORMAT_UBJ
    raise PlumblineError("The model file was refused: its kind is not known", todo=RESAVE)


def pickle_kind(body: bytes) -> str:
    """``pickle``, or ``pickle in an archive``, where the file can run code when it is opened; empty: it shows none.

    Looks at the first bytes, those below a compression, and the names in a ZIP archive; nothing is unpickled.
    """
    if _has_pickle_header(body) or _has_pickle_header(_decompress_head(body)):
        return "pickle"
    if body.startswith(b"PK\x03\x04"):
        try:
            with zipfile.ZipFile(io.BytesIO(body)) as archive:
                names = archive.namelist()
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError):
            return ""
        if any(name.lower().endswith((".pkl", ".pickle", ".joblib")) for name in names):
            return "pickle in an archive"
    return ""


def _has_pickle_header(body: bytes) -> bool:
    return (len(body) > 1 and body[0] == 0x80 and body[1] <= 5) or body.startswith(_OLD_PICKLES)


def _decompress_head(body: bytes) -> bytes:
    """The first bytes of what a gzip, zlib, bzip2 or xz file holds; empty where it is none of them."""
    try:
        if body.startswith((b"\x1f\x8b", b"\x78")):
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(body[:4096], 16)
        if body.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(body[: 2**20], 16)
        if body.startswith(b"\xfd7zXZ"):
            return lzma.LZMADecompressor(memlimit=2**26).decompress(body[: 2**20], 16)
    except (zlib.error, OSError, lzma.LZMAError, EOFError, ValueError):
        return b""
    return b""


def read_model(body: bytes) -> CodedModel:
    """Read and check a model file of any accepted kind. Call it in the child process only."""
    format_name = detect_format(body)
    if format_name == LIGHTGBM:
        return tree_model(read_lightgbm(body))
    if format_name == SCIKIT:
        return read_scikit(body)
    if format_name == ONNX:
        return read_onnx(body)
    return tree_model(read_xgboost(body, ubjson=format_name == FORMAT_UBJ))
