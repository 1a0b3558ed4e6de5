"""What one session's uploads hold in memory: the newest, in so many bytes and files."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from plumbline.ui.server import upload_quota


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> MemoryUploadedFileManager:
    made = MemoryUploadedFileManager("/upload")
    runtime = SimpleNamespace(instance=lambda: SimpleNamespace(uploaded_file_mgr=made))
    monkeypatch.setattr("streamlit.runtime.Runtime", runtime)
    monkeypatch.setattr(upload_quota, "file_limit", lambda: 100)
    return made


def _put(files: MemoryUploadedFileManager, session: str, name: str, size: int, length: str = "") -> list[str]:
    upload_quota.make_room(session, length or str(size))
    files.add_file(session, UploadedFileRec(name, name, "text/csv", b"a" * size))
    return list(files.file_storage[session])


def test_the_oldest_files_make_room_by_bytes_and_by_count(files: MemoryUploadedFileManager) -> None:
    _put(files, "s", "a", 90)
    assert _put(files, "s", "b", 90) == ["a", "b"]
    assert _put(files, "s", "c", 90) == ["b", "c"]
    assert _put(files, "s", "d", 1, "no number") == ["c", "d"]  # as long as a file may be
    small = [_put(files, "t", f"{n}", 1) for n in range(30)][-1]
    assert small == [f"{n}" for n in range(30 - upload_quota.COUNT, 30)]


def test_what_had_to_go_is_known_by_name_until_the_others_are_loaded(
    files: MemoryUploadedFileManager,
) -> None:
    for name in ("first", "second", "third"):
        _put(files, "u", name, 90)
    assert upload_quota.evicted("u") == ("first",)
    assert upload_quota.evicted("other") == ()
    upload_quota.release("u", ["second", "third"])
    assert upload_quota.evicted("u") == ()
    assert _put(files, "u", "fourth", 90) == ["fourth"]
    assert upload_quota.evicted("u") == ()


def test_another_sessions_files_stay(files: MemoryUploadedFileManager) -> None:
    _put(files, "mine", "a", 100)
    for n in range(20):
        _put(files, "yours", f"{n}", 100)
    assert list(files.file_storage["mine"]) == ["a"]
    assert sum(len(f.data) for f in files.file_storage["yours"].values()) <= upload_quota.session_limit()
