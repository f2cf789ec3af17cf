"""axe-core finds no serious fault on any tab: wide and on a phone, light and dark."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from tests.browsing import FILLED, needs_browser, open_tab
from tests.writing_visitor import expect_text, set_form, shipped_text

pytestmark = needs_browser
GRAVE = ("serious", "critical")


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, width, theme):
    page = visit(f"/?__theme={theme}", width=width, height=844)
    set_form(page, "ROMEO:", length=60)
    page.locator("#seed-text textarea").press("Enter")
    expect_text(page, shipped_text("ROMEO:", length=60))
    found = []
    for tab, whole in FILLED.items():
        open_tab(page, tab)
        expect(page.locator(whole).first).to_be_visible()
        for fault in Axe().run(page).response["violations"]:
            if fault["impact"] in GRAVE:
                places = [node["target"] for node in fault["nodes"]]
                found.append((tab, fault["id"], places))
    assert found == []
