"""What was found, since when, how sure, and who saw it."""

from plumbline.answers.alerts.findings import acknowledge, findings
from plumbline.answers.alerts.incidents import of_findings
from plumbline.ui import alerts, shell
from plumbline.ui.parts import cards, empty_states
from plumbline.ui.state.cache import ask

view = shell.view()
system = shell.chosen(view)

found = ask(view, findings)
cards.opening(*alerts.opening(found, system))
chosen = alerts.scope(system)
shown = [record for record in found if chosen or record.finding.system == system.key]

if not shown:
    empty_states.empty(
        "Nothing has been found." if found else "No check has found anything yet.",
        "Every load runs the quick signals. Run plumbline check on a schedule for all of them.",
        empty_states.LOAD_A_LOG,
    )
else:
    opened = of_findings(view.ws, {record.finding.system for record in shown})
    titles = {s.key: s.title for s in view.systems}
    alerts.register(shown, opened, titles)
    said = alerts.seen([record for record in shown if record.open and not record.acknowledged_by])
    if said is not None:
        acknowledge(view.ws, said[0], by=said[1])
        alerts.thank()
    alerts.open_incident(view, [record for record in shown if record.open and record.id not in opened])
    alerts.closed([record for record in shown if not record.open], opened, titles)
