"""The child process that keeps one model: ``python -m plumbline.explain.serving``, a question a line.

Reads a line of JSON and the model's bytes, then questions (a line of JSON and rows in NumPy's own format) until
its input ends. Limits itself before it looks at the file.
"""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import numpy as np

from plumbline.domain import PlumblineError
from plumbline.explain import child


def main() -> int:
    """Serve until there are no more questions; what goes wrong is one line of JSON."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(source.readline())
    child.limit_resources(int(head["megabytes"]), int(head["seconds"]))
    body = source.read(int(head["model_bytes"]))
    while line := source.readline():
        request = json.loads(line)
        sent = [source.read(int(request[name])) for name in ("rows_bytes", "background_bytes")]
        blobs: list[bytes] = []
        try:
            rows, background = (np.load(io.BytesIO(b), allow_pickle=False) if b else None for b in sent)
            told, arrays = child.answer(request, body, rows, background)
            blobs = [child._blob(a) for a in arrays]
            reply: dict[str, Any] = {"ok": True, "model": told, "blobs": [len(b) for b in blobs]}
        except PlumblineError as error:
            reply = {"ok": False, "what": str(error)}
        except Exception as error:  # the door of this process: the parent shows the sentence
            what = f"The model file was refused: it cannot be read ({type(error).__name__})"
            reply = {"ok": False, "what": what}
        sink.write(json.dumps(reply).encode() + b"\n" + b"".join(blobs))
        sink.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
