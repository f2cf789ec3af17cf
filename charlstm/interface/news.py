"""The route `/news`: what happens in trainings, as a stream of server-sent events.

    GET /news?training=NAME    the Train tab for one training; without a NAME, for the running one
    GET /news?replay=ID        "Watch it learn" for a model or a training

The first event `news` has everything, each further one what has changed since. An event `error` is
the last one: it has a sentence, and whether asking again is of no use (`final`).
"""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from charlstm.interface import visitors
from charlstm.interface.event_stream import EVENTS, Places, Streamed, refused
from charlstm.interface.feed import Feeds
from charlstm.interface.models import ModelRegistry
from charlstm.interface.train.news import TrainingNews, shown_training
from charlstm.interface.watch.news import ReplayNews

NEITHER = "Say of what you want to hear: add ?training=NAME or ?replay=ID to the address."


def news_routes(registry: ModelRegistry) -> list[Route]:
    feeds = Feeds()
    places = Places(registry.limits.news_of_address, registry.limits.news)

    async def news(request: Request) -> Response | ASGIApp:
        if request.method == "HEAD":  # nobody would read a stream
            return Response(media_type=EVENTS)
        asked = request.query_params
        whose = visitors.asking() if registry.limits.is_public else visitors.NOBODY
        if "training" in asked:
            # All who see the same training share a feed, whether or not they asked for it by name.
            name = await asyncio.to_thread(shown_training, registry, asked["training"])
            # What each visitor of a public page may see differs: a feed acts for one of them.
            subject = ("training", name, whose)
            messages = feeds.messages(subject, lambda: TrainingNews(registry, name))
        elif "replay" in asked:
            replay_id = asked["replay"]
            messages = feeds.messages(
                ("replay", replay_id, whose), lambda: ReplayNews(registry, replay_id)
            )
        else:
            return refused(NEITHER)
        return places.hold(request.scope, Streamed(messages, EVENTS))

    return [Route("/news", news)]
