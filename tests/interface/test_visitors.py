"""On a public page visitors see and use their own trainings only."""

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from charlstm.interface import visitors
from charlstm.interface.limits import OWN, PUBLIC
from charlstm.interface.models import SHIPPED, ModelNotFound, ModelRegistry
from charlstm.interface.train.news import TrainingNews
from charlstm.interface.visitors import KnowsVisitors, on_behalf_of, owner_of
from charlstm.interface.watch.news import ReplayNews
from charlstm.interface.watch.tab import Replays
from charlstm.network.checkpoint import save_checkpoint
from charlstm.runs.ownership import RunError
from charlstm.runs.recipes import QUICK
from charlstm.runs.run import Run, Runs
from charlstm.runs.training_request import TrainingRequest
from tests.tiny_networks import random_checkpoint
from tests.tiny_runs import append

ANNA, BERT = owner_of("a" * 64), owner_of("b" * 64)


@pytest.fixture
def make(home, tiny_corpus):
    """A training with a model, which belongs to somebody."""

    def make(name: str, owner: str | None, is_shared: bool = False) -> Run:
        request = TrainingRequest(
            recipe=QUICK,
            corpus=tiny_corpus,
            budget=QUICK.budget,
            random_seed=1,
            owner=owner,
            is_shared=is_shared,
        )
        run = Run.create(request, home / "runs" / name)
        save_checkpoint(random_checkpoint(random_seed=len(name)), run.paths.checkpoint)
        append(run, "started", step=0)
        append(run, "sample", 1.0, step=1, text="what only its owner may read", kept=True)
        return run

    return make


def test_a_secret_has_an_owner_and_what_is_none_has_not():
    assert len(ANNA) == 32 and ANNA != BERT and "a" * 8 not in ANNA
    assert owner_of("a" * 64) == ANNA
    for nothing in (None, "", "a" * 31, "A" * 64, "a" * 65, "a" * 63 + "\n", "../" * 20):
        assert owner_of(nothing) == visitors.NOBODY


def test_each_request_is_worked_on_for_its_visitor():
    async def whose(request):
        return PlainTextResponse(await asyncio.to_thread(visitors.asking))

    app = Starlette(routes=[Route("/", whose)], middleware=[Middleware(KnowsVisitors)])
    client = TestClient(app)
    for secret, owner in (("a" * 64, ANNA), ("b" * 64, BERT), ("wrong", "")):
        assert client.get("/", headers={visitors.HEADER: secret}).text == owner
    assert client.get("/").text == ""


def refusals(registry: ModelRegistry, run: Run, digest: str):
    """All that can be asked for with a training's name or its model's."""
    return {
        "training": lambda: registry.training(run.name),
        "load": lambda: registry.load(run.name),
        "get": lambda: registry.get(run.name),
        "load by digest": lambda: registry.load(digest),
        "source model": lambda: registry.source_model(run.name),
        "a path": lambda: registry.load(f"x/{run.name}"),
        "replay": lambda: ReplayNews(registry, run.name)(1),
    }


def test_the_owner_and_nobody_else_sees_and_uses_a_training(make):
    registry = ModelRegistry(Runs(), PUBLIC)
    mine, others, old = make("mine", ANNA), make("others", BERT), make("of-an-older-version", None)
    with on_behalf_of(ANNA):
        assert [run.name for run in registry.trainings()] == ["mine"]
        assert [model for _, model in registry.choices()] == [SHIPPED, "mine"]
        digest = registry.load("mine").name
        for ask in refusals(registry, mine, digest).values():
            ask()
        parts = TrainingNews(registry, "others")(1)
        assert parts["shown"] == "mine" and [name for _, name in parts["trainings"]] == ["mine"]
    for whoever in (BERT, owner_of("c" * 64), visitors.NOBODY):
        with on_behalf_of(whoever):
            for name, ask in refusals(registry, mine, digest).items():
                with pytest.raises((RunError, ModelNotFound), match="There is no"):
                    pytest.fail(f"{name}: {ask()}")
            assert "mine" not in str(TrainingNews(registry, "mine")(1))
            assert "mine" not in str(Replays(registry).choices())
    with on_behalf_of(visitors.NOBODY):
        assert registry.trainings() == []
    assert others.name != old.name


def test_what_is_shared_can_be_watched_and_nothing_else(make):
    registry = ModelRegistry(Runs(), PUBLIC)
    run = make("shown", ANNA, is_shared=True)
    with on_behalf_of(BERT):
        assert "shown" in [name for _, name in Replays(registry).choices()]
        assert "what only its owner" in str(ReplayNews(registry, "shown")(1))
        assert [model for _, model in registry.choices()] == [SHIPPED]
        assert TrainingNews(registry, "shown")(1)["shown"] is None
        for ask in (registry.training, registry.load, registry.source_model):
            with pytest.raises((RunError, ModelNotFound)):
                ask(run.name)


def test_on_ones_own_page_everybody_sees_everything(make):
    registry = ModelRegistry(Runs(), OWN)
    make("a", ANNA), make("b", None)
    for whoever in (BERT, visitors.NOBODY):
        with on_behalf_of(whoever):
            assert [run.name for run in registry.trainings()] == ["b", "a"]
            registry.load("a")


def test_the_running_training_of_somebody_else_is_not_named(make):
    registry = ModelRegistry(Runs(), PUBLIC)
    run = make("mine", ANNA)
    run.ownership.claim()
    try:
        with on_behalf_of(BERT):
            assert registry.running() is None
            assert TrainingNews(registry, "")(1)["running"] is None
        with on_behalf_of(ANNA):
            assert registry.running().name == "mine"
    finally:
        run.ownership.release()
