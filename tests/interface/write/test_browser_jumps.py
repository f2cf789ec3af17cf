"""Nothing on the page jumps while it loads, or while a text is written: in a real browser."""

import pytest
from playwright.sync_api import expect

from tests.browsing import needs_browser

pytestmark = needs_browser

# The sum of what the browser calls layout shifts: shares of the window that moved, times how far.
ADD_UP_SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shifts += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


WIDE = {"viewport": {"width": 1280, "height": 720}}
PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}


@pytest.mark.parametrize("screen", [WIDE, PHONE], ids=["wide", "phone"])
def test_nothing_jumps(visit, screen):
    page = visit(speed="Normal", color_scheme="light", **screen)
    page.add_init_script(ADD_UP_SHIFTS)
    page.reload()
    page.locator(".odd:not(:disabled)").first.wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifts") < 0.1
    page.locator("#length input[type=number]").evaluate(
        "(box) => { box.value = 100; box.dispatchEvent(new Event('input', { bubbles: true })); }"
    )
    page.locator("#seed-text textarea").fill("KING:")
    page.evaluate("window.shifts = 0")
    page.locator("#seed-text textarea").press("Enter")
    expect(page.locator("#status")).to_contain_text("letters in")
    assert page.evaluate("window.shifts") < 0.01
