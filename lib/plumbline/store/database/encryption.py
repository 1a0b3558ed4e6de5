"""The key that encrypts a workspace: from the environment, or from a file as secret stores hand it out."""

from __future__ import annotations

import os
from pathlib import Path

from plumbline.domain import PlumblineError
from plumbline.domain.messages import message

#: a key is a line of text; what is longer is another file
_LONGEST = 4096


def encryption_key() -> str:
    """The workspace's key, empty where none is set.

    ``PLUMBLINE_KEY`` holds the key itself; ``PLUMBLINE_KEY_FILE`` names a file that holds it, as container
    engines and systemd hand secrets to a service. White space at the file's end is no part of the key.

    Raises:
        PlumblineError: both are set, or the file cannot be read, is empty or is no line of text.
    """
    key, name = os.environ.get("PLUMBLINE_KEY", ""), os.environ.get("PLUMBLINE_KEY_FILE", "")
    if not name:
        return key
    if key:
        raise PlumblineError("PLUMBLINE_KEY and PLUMBLINE_KEY_FILE are both set", todo="Unset one of them.")
    try:
        with Path(name).open("rb") as file:
            content = file.read(_LONGEST + 1)
        text = content.decode("utf-8").rstrip()
    except OSError as error:
        raise PlumblineError(
            message("The key's file cannot be read: {strerror}", strerror=str(error.strerror)),
            where=name,
            todo="Check PLUMBLINE_KEY_FILE.",
        ) from error
    except UnicodeDecodeError as error:
        raise _key_file_error(name) from error
    if not text or "\n" in text or len(content) > _LONGEST:
        raise _key_file_error(name)
    return text


def _key_file_error(name: str) -> PlumblineError:
    return PlumblineError(
        "PLUMBLINE_KEY_FILE names a file that does not hold one line of text",
        where=name,
        todo="Write the key alone into it.",
    )
