"""The owner's word on which metric a system is judged by first, on the Accuracy page."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.performance.headline import choose_headline
from plumbline.answers.performance.series import PerformanceAnswer
from plumbline.monitor.metrics.metrics import METRICS
from plumbline.ui.frame import permissions, signed_forms
from plumbline.ui.state import session
from plumbline.ui.state.view import View
from plumbline.wording import numbers
from plumbline.wording.language import phrase


def choose(answer: PerformanceAnswer, metric: str, view: View) -> None:
    """Offer the metric that is drawn as the headline, where it is another one."""
    if metric == answer.headline or metric not in METRICS:
        return
    with st.form("accuracy.headline", border=False):
        by = signed_forms.signature("headline", page="accuracy")
        is_submitted = permissions.submit(
            phrase("Judge this system by {metric} first", metric=numbers.name(metric)), permissions.OWNER
        )
    if is_submitted:
        signed_forms.sign(by)
        choose_headline(view.ws, answer.system.key, metric, by=by or session.LOCAL)
        st.rerun()
