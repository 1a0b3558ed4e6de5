"""axe-core's rules: what a screen reader or a weak eye would stumble over on a page."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

SCRIPT = Path(__file__).with_name("axe.min.js")
#: what Streamlit's own elements do, which no page can change: rule -> where
OF_STREAMLIT = {
    # the navigation groups its links in headings inside one list
    "list": "[data-testid=stSidebarNavItems]",
    "listitem": "[data-testid=stSidebarNavItems]",
}
#: the findings of ours: rule, impact, what it is about, and how often
RUN = """async ([only, accepted]) => {
    const rules = only ? {runOnly: {type: 'rule', values: only}} : {};
    const found = await axe.run(document, {resultTypes: ['violations'], ...rules});
    return found.violations
        .filter(one => ['critical', 'serious', 'moderate'].includes(one.impact))
        .map(one => ({...one, nodes: one.nodes.filter(node => {
            const place = document.querySelector(node.target[0]);
            return !(accepted[one.id] && place && place.closest(accepted[one.id]));
        })}))
        .filter(one => one.nodes.length)
        .map(one => `${one.impact} ${one.id} (${one.nodes.length}): ${one.nodes[0].html.slice(0, 200)}`);
}"""


def findings(page: Page, *rules: str) -> list[str]:
    """Each serious or moderate finding as a line; of all rules, or of those that are named."""
    # a colour on its way from one theme to the other is nobody's
    page.add_style_tag(content="*, ::before, ::after { transition: none !important }")
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(SCRIPT.read_text("utf-8"))
    lines: list[str] = page.evaluate(RUN, [list(rules) or None, OF_STREAMLIT])
    return lines
