"""The seven stories, in the order in which they are told."""

from __future__ import annotations

from plumbline.demo import credit, fleet, fraud, pricing, sandbox, shop, triage
from plumbline.demo.story import DEMO_END, Scenario, ScenarioFiles

__all__ = ["DEMO_END", "SCENARIOS", "Scenario", "ScenarioFiles"]

SCENARIOS: dict[str, Scenario] = {
    story.SCENARIO.name: story.SCENARIO for story in (shop, pricing, fraud, triage, fleet, credit, sandbox)
}
