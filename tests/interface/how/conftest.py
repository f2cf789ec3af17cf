"""The How it works tab, opened, and the models that it shows."""

import pytest
from playwright.sync_api import expect

from charlstm.home import shipped_folder
from charlstm.network.checkpoint import load_checkpoint
from tests.browsing import cleared_afterwards, open_tab
from tests.how_it_works import EVIL, save_model

SHIPPED = shipped_folder() / "tiny-shakespeare.safetensors"


@pytest.fixture(scope="module")
def shipped():
    return load_checkpoint(SHIPPED)


@pytest.fixture(scope="module")
def other(shared_home):
    """A stranger's model, whose words are markup; it knows no line break."""
    training = {
        "corpus": {"name": EVIL},
        "characters_seen": EVIL,
        "steps": 77,
        "results": {"perplexity": 5.25, "accuracy": [EVIL]},
        "started_from": {"corpus": EVIL},
    }
    with cleared_afterwards(shared_home):
        yield save_model(shared_home, "other", "".join(sorted(set(EVIL))), training)


@pytest.fixture
def how(visit, other):
    """Opens the tab."""

    def open_how(path="/", **options):
        page = visit(path, **options)
        open_tab(page, "How it works")
        expect(page.locator("how-it-works .bars li")).to_have_count(8)
        return page

    return open_how
