"""One peer's process, in its own interpreter: folders of logs in the plain form come in, results go out.

PEER/python -m tests.bench.detection.peer_process MODULE

``MODULE.result(folder)`` makes a result. Each line of the input names a log's folder; its result is written beside the
log as ``result.json``, and the folder's name is said back. One process serves many logs, as a peer's import takes ten
seconds of processor time.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any


def main(module: str) -> None:
    peer = importlib.import_module(module)
    for line in sys.stdin:
        folder, begun = Path(line.strip()), time.process_time()
        made: dict[str, Any]
        try:
            made = peer.result(folder)
        except Exception as error:  # a peer's refusal is part of the result, and no silence
            made = {"refusal": f"{type(error).__name__}: {str(error)[:200]}"}
        made["cpu"] = round(time.process_time() - begun, 1)
        (folder / "result.json").write_text(json.dumps(made))
        print(f"\n{folder}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
