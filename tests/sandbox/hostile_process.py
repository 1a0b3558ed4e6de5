"""A child that does what a hostile file might make it do."""

from __future__ import annotations

import ctypes
import os
import sys
import time
from typing import Any

from plumbline.domain import PlumblineError
from plumbline.sandbox.server import serve


def answer(request: dict[str, Any]) -> Any:
    """Do what is asked."""
    match request["do"]:
        case "say":
            return [os.getpid(), request["text"]]
        case "spin":
            while True:
                pass
        case "sleep":
            time.sleep(600)
        case "grow":
            return len(bytearray(10 * 2**30))
        case "recurse":
            return answer(request)
        case "crash":
            return ctypes.string_at(0)
        case "write":
            with open(request["path"], "wb") as file:
                file.write(bytes(2 * 2**20))
        case "refuse":
            raise PlumblineError("No log", where="a.csv", todo="Load another.")
        case "panic":
            raise BaseException("a panic of a library")
        case "garbage":
            sys.stdout.buffer.write(b"no JSON\n")
            sys.stdout.buffer.flush()
        case "environment":
            return sorted(os.environ)
    return None


if __name__ == "__main__":
    sys.exit(serve(answer))
