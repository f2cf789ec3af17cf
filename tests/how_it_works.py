"""The How it works tab, as a visitor handles it, and what the library computes for its pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from playwright.sync_api import Page, expect

from charlstm.analysis import walkthrough
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.lstm import Architecture
from charlstm.network.training_record import TrainingRecord
from charlstm.text.vocabulary import Vocabulary
from charlstm.writing.sampling import Sampling, probabilities
from tests.browsing import add_model
from tests.tiny_networks import random_weights

EVIL = '<img src=x onerror="document.title=1">'


def save_model(home: Path, name: str, characters: str, training: dict) -> Checkpoint:
    """A model of one layer of nine units, in the list as `name`."""
    architecture = Architecture(vocabulary_size=len(characters), embedding_units=4, lstm_units=(9,))
    checkpoint = Checkpoint(
        architecture=architecture,
        vocabulary=Vocabulary(characters),
        weights=random_weights(architecture, random_seed=3, scale=1.0),
        training=TrainingRecord.from_json(training),
    )
    return add_model(home, name, checkpoint)


def snapshot_of(checkpoint: Checkpoint, text: str, read: int | None = None) -> walkthrough.Snapshot:
    found = walkthrough.tiles(checkpoint.vocabulary, text)
    return walkthrough.snapshot(checkpoint, found[:read])


def odds_of(
    checkpoint: Checkpoint, text: str, temperature: float, read: int | None = None
) -> np.ndarray:
    return probabilities(
        snapshot_of(checkpoint, text, read).scores, Sampling(temperature=temperature)
    )


def type_text(page: Page, text: str) -> None:
    page.locator("#how-text").fill(text)
    expect(page.locator("how-it-works .tiles small").last).to_be_visible()
    expect(page.locator("how-it-works .so-far")).to_have_text(text, use_inner_text=False)


def set_temperature(page: Page, value: float) -> None:
    page.locator("how-it-works .temperature input").fill(str(value))


def bars(page: Page) -> dict[int, float]:
    rows = page.locator("how-it-works .bars li")
    return {
        int(row["id"]): float(row["probability"])
        for row in rows.evaluate_all("rows => rows.map((row) => ({ ...row.dataset }))")
    }


def expect_bars(page: Page, odds: np.ndarray) -> None:
    found = bars(page)
    best = np.argsort(-odds, kind="stable")[:8]
    assert list(found) == best.tolist()
    np.testing.assert_allclose(list(found.values()), odds[best], atol=3e-4)


def ids_on_tiles(page: Page) -> list[str]:
    return page.locator("how-it-works .tiles small").all_text_contents()


def expect_place(page: Page, read: int, of: int) -> None:
    expect(page.locator("how-it-works .where")).to_contain_text(f"{read} of {of} tiles read")


def expect_shown(page: Page, checkpoint: Checkpoint, text: str, read: int) -> None:
    """That the pictures, too, stand at a place: the mark on the tiles does not wait for them."""
    moved = snapshot_of(checkpoint, text, read).moved
    expect_place(page, read, len(walkthrough.tiles(checkpoint.vocabulary, text)))
    expect(page.locator("how-it-works .moved")).to_contain_text(f"changed {moved:,} of ")
