"""Where things lie: in a checkout as there; of an installation, in the package itself and in the user's folders."""

from __future__ import annotations

import os
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def checkout() -> Path | None:
    """The root of the checkout that this package runs from; None where it was installed."""
    root = _PACKAGE.parents[1]
    return root if (root / "pyproject.toml").is_file() and (root / "app.py").is_file() else None


def app_folder() -> Path:
    """The folder of ``app.py``, ``pages/`` and ``.streamlit/config.toml``: the checkout, or its copy in the package."""
    return checkout() or _PACKAGE / "app"


def data_folder() -> Path:
    """Where data lies unless something else is said: ``data`` of the checkout, or the user's own data folder."""
    root = checkout()
    if root is not None:
        return root / "data"
    from platformdirs import user_data_path

    return user_data_path("plumbline", appauthor=False)


def default_workspace() -> Path:
    """The workspace where nothing else is said."""
    return data_folder() / "workspace.duckdb"


def workspace_path(path: str | os.PathLike[str] | None = None) -> Path:
    """Where the workspace is: the given path, PLUMBLINE_WORKSPACE, or ``workspace.duckdb`` in the data folder."""
    return Path(path or os.environ.get("PLUMBLINE_WORKSPACE") or default_workspace())


def secrets_file() -> Path:
    """The settings of sign-in unless PLUMBLINE_SECRETS names another file."""
    root = checkout()
    return root / ".streamlit" / "secrets.toml" if root else data_folder() / "secrets.toml"
