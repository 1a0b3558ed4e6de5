"""The owner's word on which metric a system is judged by first, on the Accuracy page."""

from __future__ import annotations

import streamlit as st

from plumbline.answers.headline import choose_headline
from plumbline.answers.performance import PerformanceAnswer
from plumbline.charts import numbers
from plumbline.monitor.metrics import METRICS
from plumbline.ui import forms, rights, session
from plumbline.ui.view import View


def choose(answer: PerformanceAnswer, metric: str, view: View) -> None:
    """Offer the metric that is drawn as the headline, where it is another one."""
    if metric == answer.headline or metric not in METRICS:
        return
    with st.form("accuracy.headline", border=False):
        by = forms.signature("headline", page="accuracy")
        kept = rights.submit(f"Judge this system by {numbers.name(metric)} first", rights.OWNER)
    if kept:
        forms.sign(by)
        choose_headline(view.ws, answer.system.key, metric, by=by or session.LOCAL)
        st.rerun()
