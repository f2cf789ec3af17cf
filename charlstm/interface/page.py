"""Builds the whole page, and holds the settings that launch it."""

from __future__ import annotations

import inspect

import gradio as gr
import gradio.routes
from gradio.utils import get_upload_folder
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from charlstm.interface.assets import assets, browser_function
from charlstm.interface.compare.tab import build_compare_tab
from charlstm.interface.doors import Doors, OtherOrigins
from charlstm.interface.endpoints import refuse_in_words
from charlstm.interface.health import health_route
from charlstm.interface.how.tab import build_how_tab
from charlstm.interface.inside.tab import build_inside_tab
from charlstm.interface.link_preview import TITLE, LinkPreview, picture_route
from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.model_files.transfer import ModelTransfer
from charlstm.interface.models import ModelRegistry
from charlstm.interface.news import news_routes
from charlstm.interface.server_log import log_unexpected_errors
from charlstm.interface.stage.qr_code import address_for_others, qr_routes
from charlstm.interface.text_stream import TextStream
from charlstm.interface.train.tab import build_train_tab
from charlstm.interface.visitors import KnowsVisitors
from charlstm.interface.watch.tab import build_watch_tab
from charlstm.interface.write.tab import build_write_tab
from charlstm.writing.engine import Engine

PAGE_COMPRESSION = 5  # of 9: more costs visitors who come together more time than it saves
BRAND = '<h1 class="brand">charlstm</h1>'
MAX_WAITING_CALLS = 300  # in Gradio's queue; more are refused
# Between two looks of Gradio at its queue. A thousandth of a second, as it has it, kept a tenth of
# a core of an AMD EPYC busy with a page that nobody visited; this keeps a thirtieth.
LOOK_FOR_CALLS_S = 0.02
SESSIONS = 500  # visitors whose state Gradio keeps, 0.1 MB each
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "Noto Sans", "sans-serif"]
MONO_FONTS = ["ui-monospace", "SFMono-Regular", "Menlo", "Consolas", "monospace"]


def build_page(engine: Engine, registry: ModelRegistry) -> gr.Blocks:
    choice = ModelChoice(registry)
    # On a public page uploads are deleted: looked for every ten minutes, an hour after they came.
    uploads = (600, 3600) if registry.limits.is_public else None
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=uploads) as demo:
        with gr.Row(elem_id="header-tools"):
            share_button = gr.Button("Share", size="sm", min_width=0, elem_id="share")
            code_button = gr.Button("QR", size="sm", min_width=0, elem_id="qr-code")
            stage_button = gr.Button("Stage", size="sm", min_width=0, elem_id="to-stage")
        gr.HTML(BRAND, js_on_load=None, elem_id="brand")
        with gr.Tabs(selected="write", elem_id="tabs") as tabs:
            with gr.Tab("Write", id="write"):
                build_write_tab(engine, registry, choice, demo, tabs)
            with gr.Tab("Watch it learn", id="watch") as watch_tab:
                build_watch_tab(registry, watch_tab)
            with gr.Tab("Look inside", id="inside"):
                build_inside_tab(registry, choice)
            with gr.Tab("Compare", id="compare"):
                build_compare_tab(registry, choice)
            with gr.Tab("Train", id="train") as train_tab:
                build_train_tab(registry, choice, tabs, train_tab)
            with gr.Tab("How it works", id="how"):
                build_how_tab(registry, choice)
        share_button.click(None, None, None, js=browser_function("write/link.js", "share"))
        code_button.click(None, None, None, js=browser_function("stage/code.js", "showCode"))
        stage_button.click(None, None, None, js=browser_function("stage/stage.js", "toggle"))
        for tab in tabs.children:
            chosen = browser_function("write/link.js", "tabChosen", tab.id)
            tab.select(None, None, None, js=chosen)
        choice.connect(demo)
    log_unexpected_errors(demo)
    refuse_in_words(demo)
    _remember_signatures(demo)
    demo.queue(default_concurrency_limit=4, status_update_rate=2, max_size=MAX_WAITING_CALLS)
    demo._queue.sleep_when_free = LOOK_FOR_CALLS_S
    return demo


def _remember_signatures(demo: gr.Blocks) -> None:
    """Cache the signatures of the components' constructors.

    Gradio inspects them for every component of every new visitor, which took a fifth of the time
    when many visitors arrived at once.
    """
    for kind in {type(block) for block in demo.blocks.values()}:
        for family in kind.__mro__:
            constructor = vars(family).get("__init__")
            if constructor is not None and family is not object:
                constructor.__signature__ = inspect.signature(constructor)


class CompressesPage:
    """ASGI middleware: compresses the page itself, as Gradio does what the page loads."""

    def __init__(self, app: ASGIApp):
        self._app = app
        self._compressed = GZipMiddleware(app, compresslevel=PAGE_COMPRESSION)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Its own address, whatever prefix it has, and nothing that streams.
        is_page = scope["type"] == "http" and scope["path"].endswith("/")
        await (self._compressed if is_page else self._app)(scope, receive, send)


def launch_settings(
    demo: gr.Blocks, engine: Engine, registry: ModelRegistry, host: str | None
) -> dict:
    """Keyword arguments for `demo.launch`: theme, head, routes, limits; `host` it listens on."""
    theme = gr.themes.Default(
        primary_hue="indigo",
        neutral_hue="stone",
        font=SYSTEM_FONTS,
        font_mono=MONO_FONTS,
        text_size="md",
    ).set(
        # The theme's own grey is too faint to be read from the back of a room.
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        block_info_text_color="*neutral_600",
        block_info_text_color_dark="*neutral_300",
        block_label_text_color="*neutral_700",
        block_title_text_color="*neutral_700",
    )
    gradio.routes.CustomCORSMiddleware = OtherOrigins  # there is no setting for it
    head, routes = assets()
    routes += [picture_route(), TextStream(engine, registry).route(), *news_routes(registry)]
    routes += [health_route(engine, registry), ModelTransfer(registry).route()]
    routes += qr_routes(lambda port: address_for_others(host, port, demo.share_url))
    return {
        "theme": theme,
        "head": head,
        "app_kwargs": {
            "routes": routes,
            "middleware": [
                Middleware(
                    Doors,
                    get_upload_folder,
                    upload_bytes=registry.limits.upload_bytes,
                    kept_bytes=registry.limits.kept_upload_bytes,
                    requests_of_address=registry.limits.requests_of_address,
                    requests=registry.limits.requests,
                    work_of_address=registry.limits.work_of_address,
                ),
                Middleware(KnowsVisitors),
                Middleware(CompressesPage),
                Middleware(LinkPreview),
            ],
        },
        "footer_links": ["api", "settings"],
        "max_threads": 400,  # one for each open stream
        "max_file_size": registry.limits.upload_bytes,
        "state_session_capacity": SESSIONS,
        "show_error": True,
        "ssr_mode": False,
        "run_history": False,  # on a shared machine, what visitors wrote must not be kept
    }
