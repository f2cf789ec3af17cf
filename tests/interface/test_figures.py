"""The table of figures on the page."""

import re
from dataclasses import replace
from html import unescape

import pytest

from charlstm.analysis.baselines import compare
from charlstm.interface.figures import HEADS, figures_html, model_html
from charlstm.network.training_record import BaselineFigures, Results, StartRecord, TrainingRecord
from tests.tiny_networks import random_checkpoint

RESULTS = Results(loss_nats=1.5, accuracy=0.554, characters=111_539)
BASELINES = BaselineFigures(
    blind_loss_nats=4.1744, four_gram_loss_nats=1.7738, four_gram_accuracy=0.4717
)


def cells(html: str) -> list[list[str]]:
    rows = re.findall(r"<tr>(.*?)</tr>", html.partition("<tbody>")[2])
    return [re.findall(r"<td>(.*?)</td>", row) for row in rows]


def test_plain_words_come_first_and_the_term_beside_them():
    html = figures_html(compare(RESULTS, BASELINES, "unseen"))
    assert "<caption>On 111,539 characters of text it never saw</caption>" in html
    assert re.search(r'scope="row">How surprised it is.*?<span class="term">\(loss, nats\)', html)
    assert re.search(r'scope="row">Like choosing among .*?<span class="term">\(perplexity\)', html)
    assert cells(html)[0] == ["1.500", "1.774", "4.174"]
    assert cells(html)[2] == ["55.4%", "47.2%", "1.5%"]
    assert html.count('scope="col"') == 3 and HEADS["4-gram"] in html


def test_what_is_copied_is_the_table_as_text():
    comparison = compare(RESULTS, BASELINES, "unseen")
    copied = re.search(r'data-text="(.*?)"', figures_html(comparison))[1]
    assert unescape(copied) == comparison.as_text()
    assert "\n" not in copied, "an attribute on one line"


def test_a_model_shows_how_good_it_is():
    training = TrainingRecord(
        results=RESULTS, started=StartRecord(baselines=BASELINES), carries_state=True
    )
    html = model_html(random_checkpoint(training=training))
    assert html.startswith("<details") and "text it never saw" in html
    leaky = model_html(random_checkpoint(training=replace(training, carries_state=False)))
    assert "never saw" not in leaky and "leaks" in leaky


def test_a_model_of_a_training_that_was_stopped_shows_the_end_of_its_curve():
    history = {"val_loss_nats": [(1.0, 3.0), (2.0, 1.9)], "val_accuracy": [(1.0, 0.2), (2.0, 0.4)]}
    html = model_html(random_checkpoint(training={"results": {}}, history=history))
    assert "(a part of it)" in html and cells(html)[0] == ["1.900"]


@pytest.mark.parametrize("history", [{}, {"val_loss_nats": []}, {"val_loss_nats": [(1.0, 3.0)]}])
def test_a_model_that_was_not_measured_shows_nothing(history):
    assert model_html(random_checkpoint(history=history)) == ""
