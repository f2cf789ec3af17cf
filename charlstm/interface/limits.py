"""What visitors may do: on a page of one's own almost anything, on a public one within limits.

A page is public with `CHARLSTM_PUBLIC=1`, and by itself on a Hugging Face Space.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import MAX_FILE_BYTES
from charlstm.runs.recipes import RECIPES, Budget
from charlstm.runs.training_request import TrainingRequest
from charlstm.text.corpus import MAX_BYTES


@dataclass(frozen=True, kw_only=True)
class Limits:
    """
    Attributes:
        is_public: whether visitors are strangers to each other: then each sees and uses only their
            own trainings, and one waits for the other.
        recipes: names of those that can be trained.
        minutes: how long a training may take; None for any time, also counted in epochs.
        text_bytes: of a text to learn from.
        trainings_of_visitor: that are kept for one visitor; the oldest is deleted.
        trainings: that are kept in all; of the address from which most came, the oldest is deleted.
        waiting_of_visitor, waiting_of_address, waiting: trainings that wait for their turn, for one
            visitor, for one network address (a room may share one) and in all.
        keep_s: how long a training is kept after its end, and a model that was given; None for
            ever.
        model_bytes: of the file of a model that is given.
        models_of_visitor, models: that were given and are kept, for one visitor and in all; they
            are deleted as trainings are.
        keep_deleted_s, deleted: how long, and how many of, what visitors deleted can be brought
            back.
        upload_bytes: of any uploaded file; more than the others, which have clearer messages.
        kept_upload_bytes: of all uploaded files together; the oldest are deleted.
        texts_of_address, texts: streams of texts that are open at once, for one network address (a
            room may share one) and in all.
        news_of_address, news: the same for those who watch trainings.
        requests_of_address, requests: of any kind that are answered at once, these among them: an
            open page has two more.
        work_of_address: calls of functions that are worked on at once, for one network address; the
            others wait.
    """

    is_public: bool
    recipes: tuple[str, ...]
    minutes: float | None
    text_bytes: int
    trainings_of_visitor: int | None
    trainings: int | None
    waiting_of_visitor: int
    waiting_of_address: int
    waiting: int
    keep_s: float | None
    model_bytes: int
    models_of_visitor: int | None
    models: int | None
    keep_deleted_s: float
    deleted: int | None
    upload_bytes: int
    kept_upload_bytes: int | None
    texts_of_address: int
    texts: int
    news_of_address: int
    news: int
    requests_of_address: int
    requests: int
    work_of_address: int

    def check(self, request: TrainingRequest, *, is_own_text: bool) -> None:
        """Check a request for a training.

        Args:
            is_own_text: whether the visitor gave the text.

        Raises:
            CharLSTMError: it asks for more than is allowed.
        """
        if request.recipe.name not in self.recipes:
            raise CharLSTMError("On this shared page only a small network can be trained.")
        self.check_budget(request.budget)
        size = len(request.corpus.text.encode())
        if is_own_text and size > self.text_bytes:
            raise CharLSTMError(
                f"The text has {size / 1e6:.1f} MB; on this shared page it may have "
                f"{self.text_bytes / 1e6:.0f} MB: shorten it."
            )

    def check_budget(self, budget: Budget) -> None:
        """
        Raises:
            CharLSTMError: a training may not take so long.
        """
        if self.minutes is not None and not (budget.minutes or self.minutes + 1) <= self.minutes:
            raise CharLSTMError(
                f"On this shared page a training may take up to {self.minutes:g} minutes: choose "
                "fewer."
            )

    def in_words(self) -> str:
        """What holds for trainings, as a sentence for the form; empty where nothing does."""
        if not self.is_public:
            return ""
        days = (self.keep_s or 0) / 86_400
        return (
            f"This page is shared: one network learns at a time, for up to {self.minutes:g} "
            f"minutes, from up to {self.text_bytes / 1e6:.0f} MB of text; others wait in a line. "
            f"Only you see your trainings, in this browser. The last {self.trainings_of_visitor} "
            f"are kept, for {days:g} day{'s' if days != 1 else ''}."
        )


OWN = Limits(
    is_public=False,
    recipes=tuple(RECIPES),
    minutes=None,
    text_bytes=MAX_BYTES,
    trainings_of_visitor=None,
    trainings=None,
    waiting_of_visitor=1000,
    waiting_of_address=1000,
    waiting=1000,
    keep_s=None,
    model_bytes=MAX_FILE_BYTES,
    models_of_visitor=None,
    models=None,
    keep_deleted_s=86_400.0,
    deleted=None,
    upload_bytes=33_000_000,
    kept_upload_bytes=None,
    texts_of_address=2000,
    texts=2000,
    news_of_address=1000,
    news=1000,
    requests_of_address=5000,
    requests=5000,
    work_of_address=400,
)
PUBLIC = Limits(
    is_public=True,
    recipes=("quick",),
    minutes=5.0,
    text_bytes=1_000_000,
    trainings_of_visitor=3,
    trainings=60,
    waiting_of_visitor=2,
    waiting_of_address=12,
    waiting=36,
    keep_s=86_400.0,
    model_bytes=12_000_000,
    models_of_visitor=3,
    models=60,
    keep_deleted_s=600.0,
    deleted=20,
    upload_bytes=13_000_000,
    kept_upload_bytes=300_000_000,
    texts_of_address=400,
    texts=800,
    news_of_address=200,
    news=600,
    requests_of_address=1500,
    requests=4000,
    work_of_address=12,
)


def limits() -> Limits:
    """The limits of this server, as its environment asks for."""
    chosen = os.environ.get("CHARLSTM_PUBLIC", "").strip()
    is_public = bool(os.environ.get("SPACE_ID")) if chosen == "" else chosen != "0"
    return PUBLIC if is_public else OWN
