"""The child process that keeps one model: ``python -m plumbline.explain.sandbox.serve``, a question a line.

Reads a line of JSON and the model's bytes, then questions (a line of JSON and rows in NumPy's own format) until
its input ends. Limits itself before it looks at the file.
"""

from __future__ import annotations

import json
import sys

from plumbline.explain.sandbox import child
from plumbline.sandbox.limits import Limits, limit_resources


def main() -> int:
    """Serve until there are no more questions; what goes wrong is one line of JSON."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    head = json.loads(source.readline())
    limit_resources(Limits(int(head["megabytes"]), int(head["seconds"]), 0.0))
    body = source.read(int(head["model_bytes"]))
    while line := source.readline():
        request = json.loads(line)
        sent = [source.read(int(request[name])) for name in ("rows_bytes", "background_bytes")]
        result, blobs = child.reply(request, body, *(child.unpack_array(b) for b in sent))
        sink.write(json.dumps(result).encode() + b"\n" + b"".join(blobs))
        sink.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
