"""A visitor of the page who writes with the bundled model, shares links and opens tabs."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlencode, urlsplit

from playwright.sync_api import Page, expect

from charlstm.home import shipped_folder
from charlstm.interface.models import SHIPPED_FILE
from charlstm.network.checkpoint import load_checkpoint
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write as write_alone
from tests.browsing import open_more

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
TABS = {
    "write": "Write",
    "train": "Train",
    "watch": "Watch it learn",
    "inside": "Look inside",
    "compare": "Compare",
    "how": "How it works",
}


def shipped_text(
    seed_text: str, *, length: int = 500, random_seed: int = 7, temperature: float = 0.8
) -> str:
    checkpoint = load_checkpoint(shipped_folder() / SHIPPED_FILE)
    sampling = Sampling(temperature=temperature)
    pieces = write_alone(
        checkpoint, seed_text, length=length, sampling=sampling, random_seed=random_seed
    )
    return seed_text + "".join(pieces)


def a_link(**parameters: object) -> str:
    return "/?" + urlencode(parameters, quote_via=quote)


def parameters_of(link: str) -> dict[str, str]:
    search = urlsplit(link).query
    return {name: value for name, (value,) in parse_qs(search, keep_blank_values=True).items()}


def parameters(page: Page) -> dict[str, str]:
    """What the page's address says."""
    return parameters_of(page.url)


def expect_text(page: Page, text: str) -> None:
    """The whole text, after it has been written."""
    expect(page.locator("#page .page")).to_have_text(text, use_inner_text=False)
    expect(page.locator("#status .writing")).to_have_count(0)


def set_form(
    page: Page,
    seed_text: str,
    *,
    length: int = 100,
    random_seed: int = 7,
    temperature: float = 0.8,
) -> None:
    open_more(page)
    page.locator("#always-new input").uncheck()
    page.locator("#random-seed input").fill(str(random_seed))
    page.locator("#length input[type=number]").fill(str(length))
    page.locator("#temperature input[type=number]").fill(str(temperature))
    page.locator("#temperature input[type=number]").blur()
    page.locator("#seed-text textarea").fill(seed_text)


def write(page: Page, seed_text: str, **settings) -> str:
    """Write with the bundled model and wait for the text."""
    set_form(page, seed_text, **settings)
    page.locator("#seed-text textarea").press("Enter")
    text = shipped_text(seed_text, **{"length": 100, **settings})
    expect_text(page, text)
    return text


def share(page: Page) -> str:
    """Press Share; the link."""
    page.evaluate("navigator.clipboard.writeText('nothing')")
    page.locator("#share").click()
    expect(page.locator("#status")).to_contain_text("Link copied.")
    return page.evaluate("navigator.clipboard.readText()")
