"""Scripts and styles go compressed to who takes them so; nothing else is touched."""

from __future__ import annotations

import zlib
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route

from plumbline.ui.server.compression import SMALLEST, StaticCompression
from tests.coroutines import run_coroutine

SCRIPT = b"export const a = 'a word that comes again and again';\n" * 4000


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "a.js"
    path.write_bytes(SCRIPT)
    return path


def _ask(script: Path, path: str, *, base: str = "", **headers: str) -> tuple[httpx.Response, bytes]:
    """The answer, and its body as it was sent."""

    async def answer(request: object) -> FileResponse:
        return FileResponse(script)

    async def ask() -> tuple[httpx.Response, bytes]:
        paths = ("/static/js/a.js", "/office/static/js/a.js", "/media/a.js", "/_stcore/static/a.js")
        app = StaticCompression(Starlette(routes=[Route(path, answer) for path in paths]), base)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with (
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client,
            client.stream("GET", path, headers=named) as response,
        ):
            return response, b"".join([part async for part in response.aiter_raw()])

    return run_coroutine(ask())


@pytest.mark.parametrize(("base", "path"), [("", "/static/js/a.js"), ("/office", "/office/static/js/a.js")])
def test_scripts_go_compressed_to_who_takes_them_so(script: Path, base: str, path: str) -> None:
    answer, sent = _ask(script, path, base=base, Accept_Encoding="gzip")
    assert answer.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in answer.headers["vary"].casefold()
    assert len(sent) < len(SCRIPT) / 10
    assert zlib.decompress(sent, 31) == SCRIPT


@pytest.mark.parametrize(
    ("path", "accepted", "size"),
    [
        ("/static/js/a.js", "identity", len(SCRIPT)),  # not asked for
        ("/static/js/a.js", "gzip", SMALLEST - 1),  # not worth it
        ("/media/a.js", "gzip", len(SCRIPT)),  # what a person may have is the gate's and Streamlit's
        ("/_stcore/static/a.js", "gzip", len(SCRIPT)),
    ],
)
def test_all_else_goes_as_it_is(script: Path, path: str, accepted: str, size: int) -> None:
    script.write_bytes(SCRIPT[:size])
    answer, sent = _ask(script, path, Accept_Encoding=accepted)
    assert "content-encoding" not in answer.headers
    assert sent == SCRIPT[:size]


def test_a_part_of_a_script_is_that_part(script: Path) -> None:
    answer, sent = _ask(script, "/static/js/a.js", Accept_Encoding="gzip", Range="bytes=7-11")
    assert (answer.status_code, sent) == (206, SCRIPT[7:12])
