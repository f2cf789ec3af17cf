"""What messengers are shown of a link: in the page's HTML as it is served, without its scripts."""

import asyncio
import struct
from collections import Counter
from html.parser import HTMLParser

import pytest
import requests
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse

from charlstm.interface.link_preview import (
    DESCRIPTION,
    PICTURE,
    PICTURE_ADDRESS,
    PICTURE_SIZE,
    TITLE,
    LinkPreview,
    with_preview,
)
from charlstm.interface.models import ModelRegistry
from charlstm.interface.page import build_page, launch_settings
from charlstm.runs.run import Runs
from charlstm.writing.engine import Engine
from tests.waiting import PATIENCE_S

SINGLE = ("title", "description", "og:title", "og:description", "og:image", "og:url", "og:type") + (
    "twitter:card",
    "twitter:title",
    "twitter:description",
    "twitter:image",
)


class Tags(HTMLParser):
    """The tags of a page that are for those who make previews: [name, content] of each."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.is_in_title = False
        self.feed(page)

    def handle_starttag(self, tag, attributes):
        self.is_in_title = tag == "title"
        given = dict(attributes)
        name = given.get("property") or given.get("name")
        if tag == "meta" and name:
            self.found.append((name, given.get("content")))

    def handle_data(self, data):
        if self.is_in_title:
            self.found.append(("title", data))
            self.is_in_title = False


def tags(page: str) -> dict[str, str]:
    """The content of each tag, after a check that there is one of each, and none of Gradio's."""
    found = Tags(page).found
    count = Counter(name for name, _ in found)
    assert {name: count[name] for name in SINGLE} == dict.fromkeys(SINGLE, 1)
    assert set(count.values()) == {1}
    assert "gradio" not in str(found).lower()
    return dict(found)


@pytest.fixture
def serve(monkeypatch):
    """Serves the page within this process; returns its address."""
    opened = []

    def serve(root_path: str = "") -> str:
        monkeypatch.setenv("GRADIO_ROOT_PATH", root_path)
        engine, registry = Engine(), ModelRegistry(Runs())
        page = build_page(engine, registry)
        opened.append(page)
        _, address, _ = page.launch(
            prevent_thread_lock=True, quiet=True, **launch_settings(page, engine, registry, None)
        )
        return address

    yield serve
    for page in opened:
        page.close()


def load(address: str, **headers: str) -> str:
    answer = requests.get(address, headers=headers, timeout=PATIENCE_S)
    assert answer.status_code == 200
    return answer.text


def test_a_link_is_shown_with_our_words_and_picture(serve):
    address = serve()
    found = tags(load(address))
    assert found["title"] == found["og:title"] == found["twitter:title"] == TITLE
    assert found["description"] == found["og:description"] == DESCRIPTION
    assert found["og:url"] == address
    assert found["twitter:card"] == "summary_large_image"
    assert found["og:image"] == found["twitter:image"] == address + PICTURE_ADDRESS

    picture = requests.get(found["og:image"], timeout=PATIENCE_S)
    assert picture.headers["content-type"] == "image/png"
    assert "immutable" in picture.headers["cache-control"]
    assert picture.content == PICTURE.read_bytes()
    for other in (requests.head(address), requests.get(address)):
        assert other.status_code == 200 and other.headers["content-length"]
    # Messengers read no more than the beginning.
    assert load(address).index("twitter:image") < 5000


def test_the_picture_has_the_shape_and_the_size_that_messengers_want():
    content = PICTURE.read_bytes()
    assert len(content) < 150_000
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", content[16:24]) == PICTURE_SIZE == (1200, 630)


def test_the_address_is_the_one_that_the_visitor_has(serve):
    address = serve()
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "charlstm.example"}
    found = tags(load(address, **proxy))
    assert found["og:url"] == "https://charlstm.example/"
    assert found["og:image"] == f"https://charlstm.example/{PICTURE_ADDRESS}"
    assert tags(load(address, Host="lan.example:7860"))["og:url"] == "http://lan.example:7860/"


def test_the_link_of_a_text_stays_one_and_is_no_markup(serve):
    address = serve()
    search = "?text=%22%3E%3Cscript%3E&t=0.8"
    assert tags(load(address + search))["og:url"] == address + search
    hostile = load(address + "?text='\"><script>alert(1)</script>")
    assert "<script>alert" not in hostile
    host = {"X-Forwarded-Host": 'x"><script>alert(1)</script>'}
    assert "<script>alert" not in requests.get(address, headers=host, timeout=PATIENCE_S).text


@pytest.mark.parametrize("root_path", ["/charlstm", "https://example.org/charlstm"])
def test_a_proxy_may_serve_the_page_under_a_prefix(serve, root_path):
    address = serve(root_path)
    proxy = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "example.org"}
    found = tags(load(address, **proxy))
    assert found["og:url"] == "https://example.org/charlstm/"
    assert found["og:image"] == f"https://example.org/charlstm/{PICTURE_ADDRESS}"
    # The proxy takes the prefix away.
    assert requests.get(address + PICTURE_ADDRESS, timeout=PATIENCE_S).content


# The middleware alone


def test_tags_are_replaced_however_they_are_written():
    page = """<!DOCTYPE html><html><head lang="en">
      <META content='a > "b"' PROPERTY='og:title'><meta name=description content=x>
      <meta
        property="og:image"
        content="..."/><title data-x="1">
        Gradio</title><meta name="viewport" content="width=device-width">
      <script>"og:title <meta>"</script></head><body><title>of a picture</title></body></html>"""
    changed = with_preview(page, "/")
    found = tags(changed.partition("</head>")[0])
    assert found["og:title"] == TITLE and found["viewport"] == "width=device-width"
    assert '<script>"og:title <meta>"</script>' in changed
    assert changed.endswith("</head><body><title>of a picture</title></body></html>")


@pytest.mark.parametrize("page", ["", "no page", "<head>never closed", "</head>", "<html></html>"])
def test_what_is_no_page_stays_as_it_is(page):
    assert with_preview(page, "/") == page


def ask(response, path="/", method="GET"):
    """What is sent of a response after the middleware, as (status, headers, body, messages)."""
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "root_path": "",
        "scheme": "http",
        "query_string": b"",
        "headers": [(b"host", b"localhost")],
        "server": ("localhost", 80),
        "app": None,
    }
    sent = []

    async def receive():
        await asyncio.Event().wait()

    async def send(message):
        sent.append(message)

    asyncio.run(LinkPreview(response)(scope, receive, send))
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], headers, body.decode(), sent


def test_a_page_in_parts_is_put_together():
    parts = ["<head><ti", "tle>ü</title>", "</head>ü"]
    status, headers, body, sent = ask(StreamingResponse(iter(parts), media_type="text/html"))
    assert status == 200 and body.count("<title>") == 1 and "ü</title>" not in body
    assert body.endswith("</head>ü") and len(sent) == 2
    assert headers["content-length"] == str(len(body.encode()))


@pytest.mark.parametrize(
    ("response", "path"),
    [
        (HTMLResponse("<head></head>", 404), "/"),
        (HTMLResponse("<head></head>", headers={"Content-Encoding": "br"}), "/"),
        (HTMLResponse("<head></head>"), "/other"),
        (JSONResponse("<head></head>"), "/"),
        (StreamingResponse(iter(["<head>", "</head>"]), media_type="text/plain"), "/"),
    ],
)
def test_all_other_answers_are_left_alone(response, path):
    status, headers, body, sent = ask(response, path)
    assert "og:" not in body and "<head>" in body and status == response.status_code
    assert headers.get("content-length") == response.headers.get("content-length")
