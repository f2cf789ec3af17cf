"""charlstm: watch a character-level LSTM learn to write, and write with it.

The public names load on first use, so that importing the package costs nothing and never loads
TensorFlow or Gradio.
"""

from importlib import import_module

__version__ = "1.0.0"

_HOMES = {
    "Architecture": "network.lstm",
    "Budget": "runs.recipes",
    "CharLSTMError": "errors",
    "Checkpoint": "network.checkpoint",
    "Corpus": "text.corpus",
    "Engine": "writing.engine",
    "Evaluation": "analysis.evaluation",
    "Network": "network.lstm",
    "RECIPES": "runs.recipes",
    "Recipe": "runs.recipes",
    "Run": "runs.run",
    "Sampling": "writing.sampling",
    "Vocabulary": "text.vocabulary",
    "evaluate": "analysis.evaluation",
    "load_checkpoint": "network.checkpoint",
    "paste": "text.corpus",
    "practice_text": "text.corpus",
    "read_file": "text.corpus",
    "save_checkpoint": "network.checkpoint",
    "tiny_shakespeare": "text.corpus",
    "train": "training.train",
    "write": "writing.single_text",
}

__all__ = sorted(_HOMES)


def __getattr__(name):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__():
    return __all__
