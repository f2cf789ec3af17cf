"""News of what changes, for all who watch it: one looks, and all are sent the same bytes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Hashable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from charlstm.errors import CharLSTMError
from charlstm.interface.event_stream import event
from charlstm.interface.server_log import log_unexpected

LOOK_EVERY_S = 1.0
BROKEN = "The server met an error that it did not expect, and its log says which. It tries again."

Parts = Mapping[str, Any]  # what a page shows: values by name, to be sent as JSON
# Returns the parts as they are now; called in a thread, with the number of those who watch.
Look = Callable[[int], Parts]


@dataclass(frozen=True, kw_only=True)
class Revision:
    """Parts as they were at one time, and since when each has been so.

    Attributes:
        number: counts the changes; 0 before anything was seen.
        changed_in: the revision in which each part took its value.
    """

    number: int = 0
    parts: Parts = field(default_factory=dict)
    changed_in: Mapping[str, int] = field(default_factory=dict)
    _messages: dict[int, bytes] = field(default_factory=dict)

    def with_parts(self, parts: Parts) -> Revision:
        """The next revision; this one if nothing has changed.

        Its messages for those who know this one, and for those who know nothing, are made at once.
        """
        changed = {
            name for name in parts if name not in self.parts or self.parts[name] != parts[name]
        }
        if not changed and parts.keys() == self.parts.keys():
            return self
        number = self.number + 1
        changed_in = {name: number if name in changed else self.changed_in[name] for name in parts}
        revision = Revision(number=number, parts=parts, changed_in=changed_in)
        revision.message(self.number)
        revision.message(0)
        return revision

    def message(self, known: int) -> bytes:
        """The parts that have changed since the revision that is known; 0 if none is."""
        if known not in self._messages:
            self._messages[known] = event(
                "news",
                {
                    name: value
                    for name, value in self.parts.items()
                    if self.changed_in[name] > known
                },
            )
        return self._messages[known]


class Feed:
    """Looks once a second, while somebody watches, and wakes all who wait for news.

    To be made and used in one event loop; `look` is called in a thread, one call after the other.

    Attributes:
        watchers: how many watch now.
        is_over: whether looking has failed: those who watch are told why, and no news follow.
    """

    def __init__(self, look: Look):
        self.watchers = 0
        self._look = look
        self._revision = Revision()
        self._last_words: bytes | None = None
        self._has_changed = asyncio.Event()
        self._looking = asyncio.create_task(self._keep_looking())

    @property
    def is_over(self) -> bool:
        return self._last_words is not None

    def end(self) -> None:
        """Look no more."""
        self._looking.cancel()

    async def messages(self) -> AsyncGenerator[bytes, None]:
        """All that there is now, then what changes. Who is slow gets several changes at once."""
        known = 0
        while self._last_words is None:
            revision, has_changed = self._revision, self._has_changed
            if revision.number == known:
                await has_changed.wait()
                continue
            yield revision.message(known)
            known = revision.number
        yield self._last_words

    async def _keep_looking(self) -> None:
        try:
            while True:
                began_s = time.monotonic()
                revision = await asyncio.to_thread(self._look_once)
                if revision is not self._revision:
                    self._revision = revision
                    self._wake_all()
                took_s = time.monotonic() - began_s
                await asyncio.sleep(max(LOOK_EVERY_S - took_s, took_s))
        except CharLSTMError as error:
            self._give_up(str(error), is_final=True)
        except Exception as error:  # a bug: all who wait must hear of it
            log_unexpected(error)
            self._give_up(BROKEN, is_final=False)

    def _look_once(self) -> Revision:
        return self._revision.with_parts(self._look(self.watchers))

    def _give_up(self, sentence: str, *, is_final: bool) -> None:
        self._last_words = event("error", {"error": sentence, "final": is_final})
        self._wake_all()

    def _wake_all(self) -> None:
        has_changed, self._has_changed = self._has_changed, asyncio.Event()
        has_changed.set()


class Feeds:
    """The feeds that are watched now, one for each subject."""

    def __init__(self) -> None:
        self._feeds: dict[Hashable, Feed] = {}

    def __len__(self) -> int:
        return len(self._feeds)

    async def messages(
        self, subject: Hashable, look_at: Callable[[], Look]
    ) -> AsyncGenerator[bytes, None]:
        """The messages on a subject, from the same feed for all who watch it.

        Args:
            look_at: makes the look of a new feed.
        """
        feed = self._feeds.get(subject)
        if feed is None or feed.is_over:
            feed = self._feeds[subject] = Feed(look_at())
        feed.watchers += 1
        try:
            async with aclosing(feed.messages()) as messages:
                async for message in messages:
                    yield message
        finally:
            feed.watchers -= 1
            if not feed.watchers:
                feed.end()
                if self._feeds.get(subject) is feed:
                    del self._feeds[subject]
