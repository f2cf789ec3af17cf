"""How much a visitor's browser loads before the first text is written."""

import re

from tests.browsing import needs_browser, wait_until_shown
from tests.waiting import PATIENCE_MS

pytestmark = needs_browser
MOST_BYTES = 600_000
MOST_BYTES_OF_PAGE = 60_000  # which names all that is on it
CHART_LIBRARIES = re.compile(r"plotly|vega|altair|bokeh|matplotlib|chart", re.IGNORECASE)


def test_the_page_is_light_until_the_first_writing(server, browser):
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    received, urls, open_requests = {}, {}, set()

    def sent(event) -> None:
        if event.get("type") != "EventSource":  # which stays open
            open_requests.add(event["requestId"])

    network.on("Network.requestWillBeSent", sent)
    network.on("Network.loadingFailed", lambda event: open_requests.discard(event["requestId"]))
    network.on(
        "Network.responseReceived",
        lambda event: urls.__setitem__(event["requestId"], event["response"]["url"]),
    )
    network.on(
        "Network.loadingFinished",
        lambda event: (
            received.__setitem__(event["requestId"], event["encodedDataLength"]),
            open_requests.discard(event["requestId"]),
        ),
    )
    page.goto(server.address)
    page.locator(".odd:not(:disabled)").first.wait_for(timeout=PATIENCE_MS)
    page.wait_for_timeout(1000)  # what is loaded beside
    wait_until_shown(page, lambda: not open_requests)
    assert len(received) > 20
    heaviest = sorted((size, urls.get(number)) for number, size in received.items())[-5:]
    assert sum(received.values()) <= MOST_BYTES, heaviest
    (page_bytes,) = (
        size for number, size in received.items() if urls[number] == f"{server.address}/"
    )
    assert page_bytes <= MOST_BYTES_OF_PAGE
    paths = [url.split("/", 3)[3] for url in urls.values()]
    foreign = [path for path in paths if not path.startswith("views/")]  # our own are there
    assert len(foreign) < len(paths)
    assert not [path for path in foreign if CHART_LIBRARIES.search(path)]
    context.close()
