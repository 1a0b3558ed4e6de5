"""What ``/metrics`` says of a system of which only a sample is here; no cluster is asked."""

from __future__ import annotations

from pathlib import Path

from plumbline.answers.data.load import load_file
from plumbline.domain.acts import Access, Token
from plumbline.logs.cluster import attachments
from plumbline.logs.cluster.attachments import Attachment
from plumbline.store.cache.samples import sample_share
from plumbline.store.workspace import Workspace, now
from plumbline.web.metrics import _system_metrics
from plumbline.wording.language import localise
from tests.factory.decisions import decisions, write


def test_decisions_are_those_that_are_counted_and_not_the_sample(
    workspace: Workspace, tmp_path: Path
) -> None:
    load_file(workspace, write(tmp_path / "log.csv", decisions(60)), title="s", actor="t")
    place = Attachment(system="s", location="spark:sc://h:1", item="a.<b>", since="at", share=0.1, size=1000)
    with workspace.write() as cursor:
        attachments.keep(cursor, place)
        cursor.execute("DELETE FROM decision_s WHERE _line % 3 <> 0")
    token = Token(name="m", access=Access.OWNER, systems=(), until=None, given_by="t", given_at=now())
    families = {family.name: family for family in _system_metrics(workspace, token)}
    assert families["plumbline_decisions"].samples == (({"system": "s"}, 60.0),)
    with workspace.read() as cursor:
        share = sample_share(cursor, "s")
    assert share is not None
    assert (share.rows, share.decisions) == (20, 60)
    assert "lie in a.<b>. What is counted is counted there, over all of them;" in share.sentence
    assert "from a sample of 20 of 60 decisions" in localise(share.sentence)
