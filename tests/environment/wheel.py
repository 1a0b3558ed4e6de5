"""The wheel, built and installed over the product's environment, and the app started from it as a customer does."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.environment import product


@dataclass(frozen=True, slots=True)
class Customer:
    """A folder and a home of somebody who has nothing else of ours, and the command that was installed."""

    command: Path
    folder: Path
    home: Path

    def environment(self) -> dict[str, str]:
        left = ("PYTHONPATH", "XDG_DATA_HOME", "HOME")
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in left and not name.startswith(("PLUMBLINE_", "STREAMLIT_"))
        }
        return {**kept, "HOME": str(self.home)}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )

    @contextmanager
    def serving(self, *options: str) -> Iterator[tuple[str, Path]]:
        """``plumbline serve`` at work on a free port: its address, and the file of what it says."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        said = self.home / f"serve-{port}.log"
        with said.open("w") as log:
            server = subprocess.Popen(
                [self.command, "serve", "--port", str(port), *options],
                cwd=self.folder, env=self.environment(), stdout=log, stderr=log,
            )  # fmt: skip
        try:
            _answering(f"http://127.0.0.1:{port}/_stcore/health", server, said)
            yield f"http://127.0.0.1:{port}", said
        finally:
            server.send_signal(signal.SIGTERM)
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _answering(address: str, server: subprocess.Popen[bytes], said: Path, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        try:
            if urllib.request.urlopen(address, timeout=2).read() == b"ok":
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"plumbline serve did not start:\n{said.read_text()}")


def newcomer(command: Path, folder: Path) -> Customer:
    """Somebody with an empty folder and an empty home."""
    for name in ("work", "home"):
        (folder / name).mkdir(parents=True)
    return Customer(command, folder / "work", folder / "home")


def build(folder: Path) -> Path:
    """Build the wheel."""
    subprocess.run(
        [product.python(), "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        check=True, cwd=product.ROOT, capture_output=True,
    )  # fmt: skip
    return next(folder.glob("*.whl"))


def install(wheel: Path, folder: Path) -> Path:
    """Install the wheel alone into an environment that sees the product's packages; returns its command."""
    subprocess.run([product.python(), "-m", "venv", "--without-pip", str(folder)], check=True)
    packages = _said(product.python())
    # a line, not addsitedir: so the checkout's own lib, which stands in a .pth there, is not seen
    Path(_said(str(folder / "bin" / "python")), "product.pth").write_text(f"{packages}\n")
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "-q", "--no-deps",
         "--no-index", "--disable-pip-version-check", str(wheel)], check=True,
    )  # fmt: skip
    return folder / "bin" / "plumbline"


def _said(python: str) -> str:
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
