"""The pages of metrics, controls and roles, made from the tables that the product works by."""

from __future__ import annotations

from plumbline.domain import Status, Tier
from plumbline.domain.settings import OWNED
from plumbline.domain.systems import NAMED_ROLES
from plumbline.governance.catalogue import ASKED_TIERS, Catalogue, Control, Limit, catalogue
from plumbline.monitor.drift.distances import TABLE as METHODS
from plumbline.monitor.drift.distances import Method
from plumbline.monitor.metrics.metrics import ALIASES, HEADLINE, Metric
from plumbline.monitor.metrics.metrics import TABLE as METRICS
from plumbline.ui.logs.role_words import ROLES
from plumbline.ui.parts.glossary import terms
from plumbline.wording.names import METHOD_NAMES
from tests.environment.reference_tables import MADE, table

UNITS = {
    "share": "share", "score": "number", "nats": "nats", "label": "the target's own unit",
    "currency": "money a decision",
}  # fmt: skip
#: key of ``INTERVALS`` -> how it is said on the page
INTERVAL_NAMES = {
    "wilson": "Wilson", "auc": "DeLong; Newcombe where few", "logit": "on the logit's scale",
    "rows": "delta method on rows", "cells": "delta method on score cells", "moments": "moments; delta method",
    "ranks": "ranks", "days": "bootstrap over days",
}  # fmt: skip
METRIC_HEAD = ("metric", "task", "what it says", "unit", "better", "matters from", "interval")
METHOD_HEAD = ("method", "name", "for", "watch from", "breach from", "what it says")
MATTERS_OF = {"points": "", "level": " of the level", "rmse": " of the reference's RMSE"}


def _matters(metric: Metric) -> str:
    if metric.matters_of == "points":
        return f"{metric.matters:g}"
    return f"{metric.matters * 100:g} %{MATTERS_OF[metric.matters_of]}"


def _metric(metric: Metric) -> tuple[str, ...]:
    better = {True: "higher", False: "lower", None: "neither"}[metric.higher_is_better]
    return (
        f"`{metric.name}`", ", ".join(metric.tasks), metric.says, UNITS[metric.unit], better, _matters(metric),
        INTERVAL_NAMES[metric.interval],
    )  # fmt: skip


def _method(method: Method) -> tuple[str, ...]:
    kinds = ", ".join(method.kinds)
    watch, breach = (f"{x:g}" if x else "none" for x in (method.watch, method.breach))
    return f"`{method.name}`", METHOD_NAMES[method.name], kinds, watch, breach, method.says


def metrics_page() -> str:
    """``docs/metrics.md``."""
    aliases = ", ".join(f"`{short}` is `{name}`" for short, name in ALIASES.items())
    heads = ", ".join(f"`{name}` ({task})" for task, name in HEADLINE.items())
    return f"""# Metrics and drift methods

What each measure is called, what it says and from when it matters. How it is computed, and by whose formula:
[Methods](methods.md). {MADE}

## Metrics
For `plumbline performance --metric NAME` and `system.performance(metrics=[NAME])`. Every value has a 95 % interval, its
sample and its window. *Matters from* is the smallest change that is worth an alarm; of shares that are rare it is less
(see *what matters* in [Methods](methods.md)). `recall:CLASS` is the recall of one class of several. Other spellings:
{aliases}.

{table(METRIC_HEAD, [_metric(m) for m in METRICS])}
A system is judged first by {heads}, unless a rare class or a cost matrix asks for
another one: `plumbline headline SYSTEM` says which and why.

## Drift methods
For `plumbline drift --method NAME` and `system.drift(methods=[NAME])`. A feature has drifted where its distance reaches
the threshold and is more than chance after correction for everything that was tested together. `missing`, `new_levels`
and `out_of_range` are signals of their own and always measured.

{table(METHOD_HEAD, [_method(m) for m in METHODS])}
Rows as wholes (`--whole-row`), rank correlations of inputs, the score's cut-off and what a model uses have no method to
choose; [Methods](methods.md) describes each.
"""


def glossary_page() -> str:
    """``docs/glossary.md``."""
    parts = []
    for section in dict.fromkeys(term.section for term in terms()):
        own = [
            (term.name, term.says, term.german, term.german_says)
            for term in terms()
            if term.section == section
        ]
        parts.append(f"## {section}\n{table(('word', 'meaning', 'German', 'Bedeutung'), own)}")
    return f"""# Glossary

The words that the pages use, each in a sentence or two, in English and in German. The same is on the *Glossary* page,
where a word can be looked up. {MADE}

{chr(10).join(parts)}"""


def roles_page() -> str:
    """``docs/roles.md``."""
    names = {role: f"`{role}:NAME`" for role in NAMED_ROLES}
    rows = [(names.get(w.role, f"`{w.role}`"), w.meaning, w.enables, w.without) for w in ROLES]
    return f"""# Roles of a log's columns

What a column of a log can mean. Plumbline guesses it, shows how sure it is, and asks where it is not;
`--map COLUMN=ROLE` says it. A role with `NAME` may belong to many columns; without `:NAME` the column's own name is
taken. {MADE}

{table(("role", "what it is", "what it makes possible", "without it"), rows)}
Only the time of the decision and one of prediction and score are needed. Labels often come later: load them as a file
of their own with `decision_id` and `label`, best with `label_time` as well.
"""


def settings_table() -> str:
    """What an owner may set for a system, for ``docs/settings.md``."""
    return table(("setting", "means"), [(f"`{item.name}`", item.metadata["meaning"]) for item in OWNED])


def _limit(name: str, limit: Limit) -> str:
    light = "" if limit.light is None else f" (tier light: {limit.light:g})"
    return f"`{name}` at {'least' if limit.least else 'most'} {limit.value:g}{light}"


#: what makes a control mandatory, in words
PULLS = {
    "share": "where over a tenth of customer interactions meet it, or nobody knows",
    "personal data": "where the log holds personal data, or nobody looked",
}


def _control(control: Control, book: Catalogue) -> str:
    tiers = ", ".join(f"{tier.value}: {control.requirements[tier].value}" for tier in ASKED_TIERS)
    said = {"none": "is not accepted", "partial": "gives partial at most", "full": "counts in full"}[
        control.attested
    ]
    linked = " if it links to its document" if control.document else ""
    always = "".join(
        f" Mandatory in every tier of production {PULLS[pull]}." for pull in control.mandatory_with
    )
    triggers = "; ".join(f"{t.number} {t.title}" for t in book.triggers if t.number in control.triggers)
    lines = [
        f"### {control.id} {control.title}",
        f"*{control.question}* {control.tooltip}",
        "",
        f"- **Rule.** {control.rule}",
        f"- **Asked.** {tiers}.{always}",
        f"- **Evidence.** {', '.join(control.evidence)}. A statement {said}{linked}.",
    ]
    if control.limits:
        lines.append(f"- **Limits.** {'; '.join(_limit(*pair) for pair in control.limits.items())}.")
    if triggers:
        lines.append(f"- **Triggers.** {triggers}.")
    lines += [f"- **Refers to.** {', '.join(control.references)}.", f"- **To do.** {control.next_action}"]
    return "\n".join(lines)


def controls_page() -> str:
    """``docs/controls.md``."""
    book = catalogue()
    families = [
        "\n\n".join([f"## {title}", *(_control(c, book) for c in book.controls if c.family == family)])
        for family, title in book.families.items()
    ]
    laws = [
        (f.key, f.title, f.unit, f"{f.as_of}", "yes" if f.confirmed else "no", f.note)
        for f in book.frameworks.values()
    ]
    tiers, statuses = (", ".join(f"*{x.value}*" for x in kind) for kind in (Tier, Status))
    return f"""# Controls

The {len(book.controls)} controls that make up a scorecard, as of {book.as_of}: what each asks, how it is answered, and
what to do to pass. {MADE} The source is `lib/plumbline/governance/catalogue.toml`.

A system lies in one of the tiers {tiers}; its context (Governance page, `plumbline context`) decides which. A control
is mandatory, recommended or not asked by tier. Each is answered by one of {statuses}. What the log or an outside system
shows outvotes every statement. Limits may be tightened by the owner, never loosened.

{(chr(10) * 2).join(families)}

## References
Pointers to check, not legal advice. *Confirmed* says whether the source's own wording was read for this catalogue.

{table(("key", "title", "unit", "as of", "confirmed", "note"), laws)}"""
