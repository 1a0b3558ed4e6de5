"""What acts: firing triggers and rolling back where it is allowed. Called by the server and by ``check --notify``."""

from __future__ import annotations

from plumbline.answers.respond.retraining import work as retraining_work
from plumbline.answers.respond.rollback import act as rollback_act
from plumbline.domain.respond import RollbackRun, TriggerRun
from plumbline.store.workspace import Workspace


def work(ws: Workspace, key: str | None = None, *, actor: str) -> tuple[TriggerRun | RollbackRun, ...]:
    """Do what is due of one system or of all, after a check; rollbacks first. Returns what changed.

    The network is touched with no lock held. Nothing is done while acting is switched off.
    """
    return (*rollback_act.work(ws, key, actor=actor), *retraining_work.work(ws, key, actor=actor))
