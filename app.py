"""The server: headers, the workspace's life, errors in words. No page content; see lib/plumbline/ui/shell.py.

A plain script here would be bypassed by the first deep link after a restart, because of the folder pages/
beside it; an ``st.App`` is not.
"""

import streamlit as st
from starlette.middleware import Middleware

from plumbline.ui.returning import Returning
from plumbline.ui.server import Headers, friendly_error, workspace_lifespan

app = st.App(
    "lib/plumbline/ui/shell.py",
    lifespan=workspace_lifespan,
    on_script_error=friendly_error,
    middleware=[Middleware(Headers), Middleware(Returning)],
)
