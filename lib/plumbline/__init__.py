"""Plumbline: is this model a liability, and what is the proof?

import plumbline

ws = plumbline.open("credit.duckdb")
credit = ws.load("decisions.csv", system="credit")
credit.scorecard().verdict
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["DecisionLogger", "PlumblineError", "System", "Workspace", "chart", "connect", "logger", "open"]

if TYPE_CHECKING:
    from plumbline.api import System, Workspace, open
    from plumbline.charts.answers import chart
    from plumbline.client.logger import DecisionLogger, logger
    from plumbline.client.workspace import connect
    from plumbline.domain import PlumblineError

#: name -> its module: nothing is imported before it is asked for
_PLACES = {
    "PlumblineError": "plumbline.domain", "System": "plumbline.api", "Workspace": "plumbline.api",
    "chart": "plumbline.charts.answers", "open": "plumbline.api",
    "logger": "plumbline.client.logger", "DecisionLogger": "plumbline.client.logger",
    "connect": "plumbline.client.workspace",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'plumbline' has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
