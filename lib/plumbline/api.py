"""The public face: a workspace opened from Python, its systems, and the questions that can be asked of one.

The same functions answer the command line and the pages. Every answer has a ``sentence``, ``to_dict()``,
``to_frame()`` and a form of its own in a notebook; ``plumbline.chart(answer)`` draws it.
"""

from __future__ import annotations

import getpass
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from plumbline.domain import Explanation, Load, PlumblineError, Scorecard, Slice
from plumbline.domain.result import Result
from plumbline.store.workspace import Workspace as Store
from plumbline.store.workspace import open_workspace
from plumbline.wording.times import read_span

if TYPE_CHECKING:
    import pandas as pd

    from plumbline.answers.alerts.findings import Findings
    from plumbline.answers.data.quality import QualityAnswer
    from plumbline.answers.drift.features import DriftAnswer
    from plumbline.answers.fairness.groups import FairnessAnswer
    from plumbline.answers.notes.calendar_events import CalendarEvents
    from plumbline.answers.performance.series import PerformanceAnswer
    from plumbline.answers.releases.history import ReleasesAnswer
    from plumbline.store.cache.samples import SampleShare

T = TypeVar("T")
#: a span of decisions: ``"2026-01-01..2026-02-01"``, or its two ends, of which either may be None; the last is left out
Window = str | tuple[date | datetime | None, date | datetime | None]


class Workspace:
    """A workspace: the file that holds the logs of one or several systems. Close it, or use it in ``with``."""

    def __init__(self, path: Path, actor: str, folders: Sequence[Path]) -> None:
        self.path, self.actor, self._folders = path, actor, list(folders)
        self._store = open_workspace(path, read_from=self._folders)

    @property
    def store(self) -> Store:
        """What the functions in ``plumbline.answers`` take."""
        return self._store

    def load(
        self,
        log: str | Path | pd.DataFrame,
        *,
        system: str,
        roles: Mapping[str, str] | None = None,
        positive: str | None = None,
        task: str | None = None,
        timezone: str | None = None,
        date_order: str | None = None,
        sheet: str | None = None,
        reference: bool = False,
        accept_quarantine: bool = False,
    ) -> System:
        """Load a log of decisions, or a file of late labels, and check every signal; the system that it is of.

        Args:
            log: a file of any kind that ``plumbline load`` takes, or a frame of decisions.
            system: its title or key; a new one is made.
            roles: column -> role, for what a guess would not know: ``{"Geschlecht": "protected:sex"}``.
            positive: the class whose probability the score is.
            task: binary, multiclass or regression, where the log leaves it open.
            timezone: what a time without a zone is taken to be in.
            date_order: ``dmy`` or ``mdy``, where dates can be read both ways.
            sheet: of a workbook; without, the largest.
            reference: these decisions count as healthy.
            accept_quarantine: load what fits even where more than a fifth of the rows cannot be loaded.

        Raises:
            PlumblineError: the file cannot be used, or a question is open that only a person can answer. Nothing
                has changed.
        """
        from plumbline.answers.data.load import load_file, read_maps

        options: dict[str, Any] = {
            "title": system, "maps": read_maps([f"{column}={role}" for column, role in (roles or {}).items()]),
            "positive": positive, "task": task, "timezone": timezone, "date_order": date_order, "sheet": sheet,
            "reference": reference, "accept": accept_quarantine, "actor": self.actor,
        }  # fmt: skip
        if isinstance(log, (str, Path)):
            path = Path(log)
            self._allow_folder_of(path)
            load = load_file(self._store, path, **options)
        else:
            load = self._load_frame(log, options)
        return System(self, load.system, load)

    def _load_frame(self, frame: pd.DataFrame, options: Mapping[str, Any]) -> Load:
        from plumbline.answers.data.load import load_file

        with NamedTemporaryFile(dir=self._store.inbox, prefix="frame-", suffix=".parquet") as file:
            try:
                frame.to_parquet(file.name, index=False)
            except (ValueError, TypeError) as error:
                raise PlumblineError(
                    f"The frame cannot be loaded: {error}", todo="Give every column one type and a name."
                ) from error
            return load_file(self._store, Path(file.name), **options)

    def _allow_folder_of(self, path: Path) -> None:
        """Open the file anew with the folder of ``path`` among those that may be read, where it is not."""
        if path.exists() and not self._store.may_read(path):
            self._folders.append(path.resolve().parent)
            self._store.close()
            self._store = open_workspace(self.path, read_from=self._folders)

    def systems(self) -> tuple[System, ...]:
        """Every system, in the order of their keys."""
        from plumbline.store.systems import list_systems

        with self._store.read() as cursor:
            return tuple(System(self, one.key) for one in list_systems(cursor))

    def system(self, key: str) -> System:
        """One system, by its key.

        Raises:
            PlumblineError: there is none; the sentence names those that there are.
        """
        from plumbline.store.systems import get_system

        with self._store.read() as cursor:
            return System(self, get_system(cursor, key).key)

    def close(self) -> None:
        """Let go of the file, so that another process may open it."""
        self._store.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"plumbline.Workspace({str(self.path)!r})"


class System:
    """One system that decides, and what its log proves. ``last_load``: what the load that it came from did."""

    def __init__(self, workspace: Workspace, key: str, last_load: Load | None = None) -> None:
        self.workspace, self.key, self.last_load = workspace, key, last_load

    def performance(
        self,
        *,
        metrics: Sequence[str] | None = None,
        by: str | None = None,
        window: Window | None = None,
        version: str | None = None,
        where: Mapping[str, str] | None = None,
        by_version: bool = False,
        estimated: bool = False,
    ) -> PerformanceAnswer:
        """The metrics over time, each with its interval and its limit.

        Args:
            metrics: names; None: all of the task.
            by: day, week or month; None: as the labels allow.
            where: column -> value, to which decisions are narrowed.
            by_version: one series a version.
            estimated: add what scores lead one to expect where labels are missing or late.

        Raises:
            PlumblineError: no such metric, chunk or column.
        """
        from plumbline.answers.performance.series import performance

        return self._ask(
            performance,
            window=_slice(window, version, where),
            by=by,
            metrics=metrics,
            by_version=by_version,
            estimated=estimated,
        )

    def drift(
        self,
        *,
        reference: Window | None = None,
        window: Window | None = None,
        methods: Sequence[str] | None = None,
        version: str | None = None,
        where: Mapping[str, str] | None = None,
    ) -> DriftAnswer:
        """A window against the reference, feature by feature.

        Args:
            reference: None: the system's own.
            window: None: the last 30 days of the log.
            methods: psi, js, hellinger, ks, wasserstein, chi2, cramers_v or linf; None: js.

        Raises:
            PlumblineError: no such method or column, or no reference is known.
        """
        from plumbline.answers.drift.features import drift

        return self._ask(
            drift,
            reference=_window(reference),
            window=_window(window),
            methods=methods,
            version=version,
            where=_slice(None, None, where).where,
        )

    def releases(self, *, share: float | None = None) -> ReleasesAnswer:
        """Versions, what each switch changed and why, guardrails, rollbacks.

        Args:
            share: the intended share of a newcomer's decisions, 0 to 1.
        """
        from plumbline.answers.releases.history import releases

        return self._ask(releases, share=share)

    def fairness(
        self,
        *,
        by: Sequence[str] = (),
        favourable: str | None = None,
        window: Window | None = None,
        version: str | None = None,
        where: Mapping[str, str] | None = None,
    ) -> FairnessAnswer:
        """Protected groups compared, and who has the last word.

        Args:
            by: protected attributes; none: all, and every pair of them.
            favourable: the class that people want; None: as the owner states, or as names tell.
        """
        from plumbline.answers.fairness.groups import fairness

        return self._ask(fairness, window=_slice(window, version, where), by=by, favourable=favourable)

    def quality(self, *, window: Window | None = None) -> QualityAnswer:
        """What the log itself is worth: completeness, personal data, consistency, staleness."""
        from plumbline.answers.data.quality import quality

        return self._ask(quality, window=_window(window))

    def explain(self, decision_id: str, *, space: str = "") -> Explanation:
        """Why one decision came out as it did; a refusal comes back as an explanation that says why.

        Args:
            space: ``probability`` for contributions to the probability itself.

        Raises:
            PlumblineError: there is no such decision.
        """
        from plumbline.answers.decisions.explain import explain

        return self._ask(explain, decision_id=decision_id, space=space)

    def findings(self) -> Findings:
        """The register of findings, one a problem: open ones first, then the newest."""
        from plumbline.answers.alerts.findings import Findings, findings

        return self._with_sample(Findings(findings(self.workspace.store, self.key)))

    def events(self) -> CalendarEvents:
        """Campaigns, price changes, holidays and outages that people noted, the earliest first."""
        from plumbline.answers.notes.calendar_events import calendar_events

        return self._ask(calendar_events)

    def check(self) -> Findings:
        """Measure every signal again and keep what was compared; the register afterwards."""
        from plumbline.answers.alerts.check import check

        check(self.workspace.store, self.key, actor=self.workspace.actor)
        return self.findings()

    def scorecard(self) -> Scorecard:
        """The verdict with its reasons, conditions, triggers and controls, as of now."""
        from plumbline.answers.governance.scorecard import scorecard

        return self._ask(scorecard)

    def report(self, path: str | Path, *, language: str = "en") -> Path:
        """Write the report (``.pdf``) or the evidence pack (``.zip``); its hash goes on the trail.

        Raises:
            PlumblineError: no such kind or language, or the file cannot be written.
        """
        from plumbline.report.issue import issue, write

        path = Path(path)
        document = self._ask(issue, ending=path.suffix, language_code=language, actor=self.workspace.actor)
        write(document, path)
        return path

    @property
    def sample(self) -> SampleShare | None:
        """How many of its decisions are here, where only a sample of them is; None where all are."""
        from plumbline.store.cache.samples import sample_share

        with self.workspace.store.read() as cursor:
            return sample_share(cursor, self.key)

    def _ask(self, question: Callable[..., T], **given: Any) -> T:
        answer = question(self.workspace.store, self.key, **given)
        return self._with_sample(answer)

    def _with_sample(self, answer: T) -> T:
        share = self.sample if isinstance(answer, Result) else None
        if share is not None and isinstance(answer, Result):
            answer.mark_sample(share)
        return answer

    def __repr__(self) -> str:
        return f"plumbline.System({self.key!r})"


def open(path: str | Path, *, actor: str | None = None, read_from: Sequence[str | Path] = ()) -> Workspace:
    """Open a workspace; it is made where there is none.

    Args:
        actor: who acts, as the trail names it; None: the name that this process is signed in by.
        read_from: folders whose files may be loaded; the folder of a file that is loaded is always one.

    Raises:
        PlumblineError: another process has it open, or it cannot be read.
    """
    return Workspace(Path(path), actor or _person(), [Path(folder) for folder in read_from])


def _person() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a process without a name, as in a container
        return "Python"


def _window(window: Window | None) -> tuple[datetime | None, datetime | None]:
    """The two ends of a span, aware in UTC; a date begins at midnight, the last end is left out."""
    if window is None:
        return None, None
    if isinstance(window, str):
        return read_span(window, "window")
    first, last = (_moment(end) for end in window)
    if first and last and first >= last:
        raise PlumblineError(f"The window {window} ends before it starts")
    return first, last


def _moment(at: date | datetime | None) -> datetime | None:
    if at is None:
        return None
    if not isinstance(at, datetime):
        return datetime.combine(at, time(), UTC)
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _slice(window: Window | None, version: str | None, where: Mapping[str, str] | None) -> Slice:
    return Slice(*_window(window), version, None, tuple((where or {}).items()))
