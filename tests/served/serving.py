"""A real server in a process of its own, and a browser's side of its protocol without a browser."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamlit.proto.AutoRerun_pb2 import AutoRerun
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.environment import product

ROOT = Path(__file__).parents[2]
SECRET = "a secret of this test alone, 32 bytes long"
HEALTH = "/_stcore/health"


@dataclass
class Server:
    """An address, the process behind it, and whether it asks people to sign in."""

    address: str
    process: subprocess.Popen[bytes]
    workspace: Path

    def cookie(self, email: str, secret: str = SECRET, **said: Any) -> str:
        """What the server gives somebody who came back from the provider."""
        claims = {
            "origin": self.address,
            "is_logged_in": True,
            "email": email,
            "email_verified": True,
            **said,
        }
        name = "_streamlit_user"
        return f"{name}={create_signed_value(secret, name, json.dumps(claims)).decode()}"

    def ask(
        self, path: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers (small letters) of an answer; redirects are not followed."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.address}{path}", body, named, method=method)
        try:
            with _STRAIGHT.open(request, timeout=60) as answer:
                return answer.status, answer.read(), {k.lower(): v for k, v in answer.headers.items()}
        except urllib.error.HTTPError as error:
            return error.code, error.read(), {k.lower(): v for k, v in error.headers.items()}


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any, **named: Any) -> None:
        return None


_STRAIGHT = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))


@contextmanager
def serve(workspace: Path, *options: str, sign_in: bool = False, **environment: str) -> Iterator[Server]:
    """The app on a free port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://localhost:{port}"
    if sign_in:
        secrets = workspace.with_name("secrets.toml")
        secrets.write_text(
            f'[auth]\nredirect_uri = "{address}/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "plumbline"\n'
            f'client_secret = "test"\nserver_metadata_url = "{address}/nowhere/openid-configuration"\n'
        )
        options = (*options, "--secrets.files", str(secrets))
    log = workspace.with_suffix(".log").open("w+")
    command = [product.python(), "-m", "streamlit", "run", "app.py", "--server.port", str(port), *options]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=log, stderr=log,
        env={**os.environ, "PLUMBLINE_WORKSPACE": str(workspace), **environment},
    )  # fmt: skip
    made = Server(address, process, workspace)
    try:
        for _ in range(600):
            with suppress(OSError):
                if process.poll() is not None or made.ask(HEALTH)[1] == b"ok":
                    break
            time.sleep(0.1)
        if process.poll() is not None:
            raise RuntimeError(Path(log.name).read_text())
        yield made
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


@dataclass
class Tab:
    """One browser tab: a socket, the session behind it, and what the last run of a page sent."""

    server: Server
    cookies: str = ""
    session: str = ""
    token: str = ""
    sent: list[ForwardMsg] = field(default_factory=list)
    looks: list[AutoRerun] = field(default_factory=list)  # parts of the page that are run again by themselves
    _known: dict[str, ForwardMsg] = field(default_factory=dict)
    _pages: dict[str, str] = field(default_factory=dict)
    _asked: BackMsg = field(default_factory=BackMsg)  # the page that it is on
    _socket: ClientConnection | None = None
    _stack: ExitStack = field(default_factory=ExitStack)

    def open(self, origin: str = "") -> Tab:
        """Connect, to the session that this tab had before where it had one."""
        if not self.token:
            set_cookie = self.server.ask(HEALTH)[2].get("set-cookie", "")
            self.token = (re.match(r"_streamlit_xsrf=([^;]+)", set_cookie) or [""] * 2)[1]
        held = "; ".join(filter(None, (f"_streamlit_xsrf={self.token}", self.cookies)))
        names = ["streamlit", self.token, *([self.session] if self.session else [])]
        self._stack = ExitStack()
        self._socket = self._stack.enter_context(connect(
            f"{self.server.address.replace('http', 'ws', 1)}/_stcore/stream", max_size=None, open_timeout=60,
            subprotocols=names, origin=origin or self.server.address, additional_headers={"Cookie": held},  # type: ignore[arg-type]
            proxy=None, ping_interval=None,  # a browser sends none, and a busy machine answers late
        ))  # fmt: skip
        return self

    def close(self) -> None:
        """The connection is lost."""
        self._stack.close()

    def __enter__(self) -> Tab:
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(self, **order: Any) -> None:
        """One message of a kind that is a plain value."""
        message = BackMsg(**order)
        assert self._socket is not None
        self._socket.send(message.SerializeToString())

    def run(self, page: str = "", query: str = "", *widgets: WidgetState) -> str:
        """Go to a page, as a browser does whose address changed; its Markdown when the run has ended."""
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string, asked.page_name = query, page
        asked.page_script_hash = self._pages.get(page, "")
        asked.is_history_navigation = not widgets
        asked.widget_states.widgets.extend(widgets)
        self._asked = message
        self.send(message)
        while True:
            heard = self._heard()
            if heard.HasField("new_session"):
                self.sent, self.looks = [], []  # a run that makes way for another is followed by that
            if (
                heard.HasField("script_finished")
                and heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN
            ):
                return self.words()

    def look(self) -> bool:
        """Run the parts again that are due by themselves, as a browser does at each interval; whether one of them had
        the whole page run anew."""
        for due in list(self.looks):
            message = BackMsg()
            message.CopyFrom(self._asked)
            message.rerun_script.is_history_navigation = False
            message.rerun_script.ClearField(
                "widget_states"
            )  # the session has them, and a click is not made twice
            message.rerun_script.fragment_id, message.rerun_script.is_auto_rerun = due.fragment_id, True
            self.send(message)
            sent, runs = self.sent, 0
            while True:
                heard = self._heard()
                if heard.HasField("new_session"):
                    self.sent, runs = [], runs + 1
                    self.looks = self.looks if runs == 1 else []
                if heard.HasField("script_finished"):
                    if heard.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                        return True
                    if heard.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                        break
            self.sent = [*sent, *self.sent]
        return False

    def send(self, message: BackMsg) -> None:
        assert self._socket is not None
        self._socket.send(message.SerializeToString())

    def _heard(self) -> ForwardMsg:
        assert self._socket is not None
        message = ForwardMsg()
        message.ParseFromString(self._socket.recv(timeout=120))  # type: ignore[arg-type]
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.session = message.new_session.initialize.session_id or self.session
        elif kind == "navigation":
            self._pages |= {p.url_pathname: p.page_script_hash for p in message.navigation.app_pages}
        elif kind == "auto_rerun":
            self.looks.append(message.auto_rerun)
        elif kind == "ref_hash":
            message = self._known.get(message.ref_hash, message)
        if kind in ("delta", "ref_hash"):
            self.sent.append(message)
            if message.hash:
                self._known[message.hash] = message
        return message

    def answer(self, kind: str) -> Any:
        """The next message of that kind; None where the socket stays silent or is closed."""
        try:
            for _ in range(200):
                message = self._heard()
                if message.HasField(kind):  # type: ignore[arg-type]
                    return getattr(message, kind)
        except (TimeoutError, ConnectionClosed):
            pass
        return None

    def elements(self, kind: str) -> list[Any]:
        """What the page holds of one kind of element, in the places that it had first; what was replaced, such as
        the words of a wait, is gone."""
        shown: dict[tuple[int, ...], Any] = {}
        for message in self.sent:
            if message.HasField("delta"):
                place = tuple(message.metadata.delta_path)
                if place in shown:
                    shown = {p: e for p, e in shown.items() if p == place or p[: len(place)] != place}
                shown[place] = message.delta.new_element
        return [getattr(e, kind) for e in shown.values() if e.WhichOneof("type") == kind]

    def words(self) -> str:
        return "\n".join(element.body for element in self.elements("markdown"))

    def upload(self, body: bytes, name: str = "a.csv", session: str = "", file: str = "f1") -> int:
        """Put a file into a session as the page's uploader does; the status of the answer."""
        part = f'--X\r\nContent-Disposition: form-data; name="f"; filename="{name}"\r\n\r\n'.encode()
        status, _, _ = self.server.ask(
            f"/_stcore/upload_file/{session or self.session}/{file}", "PUT", part + body + b"\r\n--X--\r\n",
            Content_Type="multipart/form-data; boundary=X", X_Xsrftoken=self.token,
            Cookie="; ".join(filter(None, (f"_streamlit_xsrf={self.token}", self.cookies))),
        )  # fmt: skip
        return status

    def dropped(self, uploader: str, name: str, size: int, file: str = "f1") -> WidgetState:
        """The uploader's state once the file was put."""
        state = WidgetState(id=uploader)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.file_id, info.name, info.size = file, name, size
        info.file_urls.file_id = file
        info.file_urls.upload_url = f"/_stcore/upload_file/{self.session}/{file}"
        info.file_urls.delete_url = info.file_urls.upload_url
        return state

    def button(self, label: str) -> Any:
        return next(b for b in self.elements("button") if b.label == label)


def pressed(button: str) -> WidgetState:
    """The state of a button that was just clicked."""
    return WidgetState(id=button, trigger_value=True)
