"""The How it works tab: explains one network step by step.

The text is in this file; the scripts draw the pictures from what the model computes.
"""

from __future__ import annotations

import gradio as gr

from charlstm.analysis import walkthrough
from charlstm.errors import CharLSTMError
from charlstm.interface.beginnings import beginnings
from charlstm.interface.endpoints import offer
from charlstm.interface.model_choice import ModelChoice
from charlstm.interface.models import CORPUS_TITLES, Model, ModelRegistry
from charlstm.writing.request import TEMPERATURES

MAX_CHARACTERS = 60
FIRST_TEXT = "ROMEO:\nO"
LARGEST_SHOWN = 9999  # larger values of the state are clipped: a damaged model may have any

HTML = f"""
<how-it-works data-text="{FIRST_TEXT}" data-most="{MAX_CHARACTERS}">
<h2>A machine that guesses the next character</h2>
<p class="lead">A <b>character-level LSTM</b> does one thing only: it reads a text, one character at
a time, and guesses which character comes next. Change the text below. All that you see is computed
by the model chosen above while you play.</p>
<p class="trouble" role="alert"></p>

<div class="walk"><section><h3><span>1</span> A text is a row of characters</h3>
<p>The network knows no words, no grammar, no rhyme. It meets your text one character at a time: a
letter, a space <b>␣</b> and a line break <b>↵</b> each count as one.</p>
<label class="text-label" for="how-text">Your text <small class="count"></small></label>
<textarea id="how-text" rows="2" dir="auto" autocapitalize="off" autocorrect="off"
autocomplete="off" spellcheck="false"></textarea></section>

<div class="strip"><div class="strip-row">
<button type="button" class="back" aria-label="One character back">←</button>
<div class="tiles" role="group" aria-label="The characters: arrow keys step through them"></div>
<button type="button" class="forward" aria-label="One character forward">→</button>
</div><p class="where" role="status"></p></div>

<section><h3><span>2</span> Characters become numbers</h3>
<p>A network can only calculate. So each character is replaced by its number in a list, the
<b>vocabulary</b>: that is the small number on each tile (its <b>id</b>). <span class="beginning">
</span></p>
<p class="unknown" role="status"></p>
<details class="vocabulary"><summary></summary><div class="known"></div></details></section>

<section><h3><span>3</span> It keeps a memory</h3>
<p>After each character the network updates its memory (<b>state</b>), and carries it to the next
one. This is all it knows of what came before: <b class="state-size"></b>. Step through the text
with ← and →, or press a tile, and watch it change.</p>
<p class="moved"></p>
<p class="cell-value" role="status"></p>
<div class="layers"></div>
<div class="scale" aria-hidden="true"><span>−1</span><i></i><span>+1</span></div>
<p class="quiet">Each square is one number. Of the <b>cell state</b> c, the long memory, a layer
forgets a part at each character and adds something new; the <b>hidden state</b> h is the part of it
that is let out, always between −1 and 1. c may grow larger: its colours show tanh(c), squeezed
between −1 and 1 as the network does before letting it out. Nobody chose what a number stands for:
training did.</p></section>

<section><h3><span>4</span> From the memory, a guess</h3>
<p>From the hidden state of its last layer the network computes how likely each character of the
vocabulary is to come next (the <b>odds</b>, or probabilities). <span class="came"></span></p>
<ol class="bars" aria-label="The likeliest next characters"></ol>
<p class="quiet others"></p>
<label class="temperature">Temperature <output></output>
<input type="range" min="{TEMPERATURES[0]}" max="{TEMPERATURES[1]}" step="0.05" value="0.8">
<small>careful: the likeliest wins nearly always</small><small>wild: the unlikely get a
chance</small></label>
<p class="hesitates"></p></section>

<section><h3><span>5</span> Chance picks one of them</h3>
<p>Always taking the likeliest character would soon go in circles. Instead all odds are laid side by
side along a line from 0 to 1, in the order of the vocabulary: the likelier a character, the longer
its piece. A random number between 0 and 1 falls somewhere, and the piece it hits is the next
character. Press <b>Draw</b>, or choose the number yourself by pressing the line.</p>
<div class="line"><div class="pieces" aria-hidden="true"></div>
<div class="marker" hidden></div></div>
<div class="ticks" aria-hidden="true"><span>0</span><span>0.5</span><span>1</span></div>
<div class="buttons"><button type="button" class="draw">Draw</button>
<button type="button" class="keep" aria-pressed="false">Keep drawing</button>
<button type="button" class="anew">Start again</button></div>
<p class="drawn" role="status"></p>
<div class="so-far" role="group" aria-label="The text so far" dir="auto"></div>
<p>The new character joins the text, the memory takes it in, there are new odds, and so on, all over
again. Whole pages are written like this: <b>that is all it does.</b></p></section>

<section><h3><span>6</span> How it learned to guess</h3>
<p class="story-of"></p>
<p>Again and again it guessed the next character. Then it was shown the right one, and how
surprised it was by that is a number, the <b>loss</b>: 0 if it had been certain, and larger the less
likely it thought the right one. Try it with the odds of step 4 (before the temperature bends
them):</p>
<p class="suppose"><label for="how-right">Suppose the right next character is</label>
<select id="how-right"></select></p>
<p class="surprise"></p>
<p>From this it follows in which direction each of its <b class="weights-count"></b> would have had
to be a little different for a smaller surprise (the <b>gradient</b>), and all are nudged that way.
That’s it, repeated thousands of times.</p>
<div class="learning-curve"></div>
<p class="quiet">On the tab “Watch it learn” you see a network do this, on “Train” you teach one
yourself.</p></section>

<section><h3><span>7</span> The whole network</h3>
<p>This is the chosen model in its real sizes, with the character that it has just read and its best
guess. Press a part to see what it does and which weights it has.</p>
<div class="network"><div class="drawing"></div><div class="part"></div></div></section></div>

<section><h3><span>8</span> Words</h3><dl class="words"></dl></section>
</how-it-works>
"""


class HowItWorks:
    """Serves the data for the pictures."""

    def __init__(self, registry: ModelRegistry):
        self.registry = registry

    def about_model(self, model: str) -> dict:
        """What does not depend on the text: the vocabulary, the parts and the training record."""
        loaded = self.registry.load(model)
        checkpoint = loaded.checkpoint
        facts = walkthrough.learned(checkpoint)
        for name in {"text", "started_from"} & set(facts):
            facts[name] = CORPUS_TITLES.get(facts[name], facts[name])
        parts = walkthrough.parts(checkpoint.architecture)
        return {
            "characters": list(checkpoint.vocabulary.characters),
            "parts": [
                {
                    "name": part.name,
                    "units": part.units,
                    "parameters": part.parameters,
                    "weights": [[name, *shape] for name, shape in part.weights.items()],
                }
                for part in parts
            ],
            "parameters": checkpoint.architecture.parameters(),
            "learned": facts,
            "first_text": first_text(loaded),
        }

    def moment(self, model: str, text: str, read: int) -> dict:
        """The text as tiles, and the network's state after it has read some of them.

        Values of the state are sent as whole hundredths.

        Args:
            read: number of tiles to read; all of them if negative.

        Raises:
            CharLSTMError: the text is too long or not valid, or there is no such model.
        """
        check_text(text)
        checkpoint = self.registry.get(model)
        tiles = walkthrough.tiles(checkpoint.vocabulary, text)
        count = len(tiles) if read < 0 else min(read, len(tiles))
        snapshot = walkthrough.snapshot(checkpoint, tiles[:count])
        return {
            "tiles": [[tile.character, tile.id, tile.is_given, tile.read_as] for tile in tiles],
            "read": count,
            "layers": [
                {"hidden": _hundredths(hidden), "cell": _hundredths(cell)}
                for hidden, cell in snapshot.state
            ],
            "scores": snapshot.scores.round(4).tolist(),
            "moved": snapshot.moved,
        }


def first_text(model: Model) -> str:
    """What the pictures begin with: a name and a letter, or another beginning that suits it."""
    if model.checkpoint.training.text.name == "tiny-shakespeare":
        return FIRST_TEXT
    return next(iter(beginnings(model)), FIRST_TEXT)


def check_text(text: str) -> None:
    """Raise CharLSTMError if a text is too long for the pictures, or has a lone surrogate."""
    if len(text) > MAX_CHARACTERS:
        raise CharLSTMError(
            f"The text has {len(text):,} characters; the pictures have room for {MAX_CHARACTERS}."
        )
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise CharLSTMError(
            "The text has half a character in it (a lone surrogate): type it again."
        )


def _hundredths(values) -> list[int]:
    hundredths = (100 * values[0]).round().clip(-100 * LARGEST_SHOWN, 100 * LARGEST_SHOWN)
    return hundredths.astype(int).tolist()


def build_how_tab(registry: ModelRegistry, choice: ModelChoice) -> None:
    answers = HowItWorks(registry)
    choice.add("Model", "how-model")
    gr.HTML(HTML, elem_id="how", js_on_load=None)
    offer("how_model", answers.about_model)
    offer("how_moment", answers.moment)
