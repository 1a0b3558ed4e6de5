"""The server: headers, the workspace's life, errors in words. No page content; see lib/plumbline/ui/shell.py.

A plain script here would be bypassed by the first deep link after a restart, because of the folder pages/
beside it; an ``st.App`` is not.
"""

from functools import partial
from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware

from plumbline import ui
from plumbline.cli import carry_out, commands
from plumbline.ui.frame.return_link import ReturnLink
from plumbline.ui.server.application import Headers, base_path, friendly_error, workspace_lifespan
from plumbline.ui.server.compression import StaticCompression
from plumbline.ui.server.gate import AccessGate
from plumbline.ui.state.workspace import workspace
from plumbline.web.application import Interface

interface = Interface(workspace, commands)
app = st.App(
    Path(ui.__file__).with_name("shell.py"),
    lifespan=partial(workspace_lifespan, carry_out=carry_out, interface=interface.lifespan),
    routes=interface.routes(base_path()),
    on_script_error=friendly_error,
    middleware=[
        Middleware(Headers),
        Middleware(AccessGate),
        Middleware(ReturnLink),
        Middleware(StaticCompression, base=base_path()),
    ],
)
