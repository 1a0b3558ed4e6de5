"""What a browser may say on the socket. Streamlit also takes orders there that no page of ours ever gives."""

from __future__ import annotations

from typing import Any

#: what a page needs of somebody who has not signed in
OF_ANYBODY = frozenset({"rerun_script", "stop_script", "app_heartbeat"})
#: and of somebody who may see the workspace; never ``clear_cache``, which empties the caches of all,
#: ``set_run_on_save``, ``load_git_info`` and what is meant for Streamlit's makers
OF_VISITORS = OF_ANYBODY | {"file_urls_request", "backend_operation_request"}
OPERATIONS = frozenset({"deferred_file", "dataframe_chunk"})
#: bytes of a frame of somebody who has not signed in: a page's address and a button
LARGEST = 64_000


def is_allowed(data: bytes, *, signed_in: bool, session: str) -> bool:
    """Whether a frame goes on to Streamlit. One that is no message does: Streamlit closes the socket for it."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    if not signed_in and len(data) > LARGEST:
        return False
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except Exception:  # protobuf's own error, of whichever of its implementations is in use
        return True
    kind = message.WhichOneof("type")
    if kind not in (OF_VISITORS if signed_in else OF_ANYBODY):
        return False
    return kind != "backend_operation_request" or _operation(message.backend_operation_request, session)


def _operation(asked: Any, session: str) -> bool:
    kind = asked.WhichOneof("payload")
    if kind != "deferred_file":
        return kind in OPERATIONS
    from streamlit.runtime import Runtime

    # Streamlit makes a file for whoever knows its id, in the name of the person whose page offered it
    offered = Runtime.instance().media_file_mgr._deferred_callables.get(asked.deferred_file.file_id)
    return offered is None or offered["session_id"] == session


def session_of(data: bytes) -> str:
    """The session that a message to the browser begins; empty in any other message."""
    from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

    message = ForwardMsg()
    message.ParseFromString(data)
    return str(message.new_session.initialize.session_id) if message.HasField("new_session") else ""
