"""Keeps a training free of settings that were made for other programs.

Keras reads `~/.keras/keras.json` (or that of `KERAS_HOME`) when it is imported: in float16 or
float64 a training would be another one, and a file that makes no sense ends the import with an
error. Variables and functions of Keras can moreover cut every `fit()` short.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOWHERE = Path(__file__) / "keras"  # beneath a file: no settings can be there, nor be written there
# The last two end `fit()` early; Keras takes them for numbers, whatever they are.
VARIABLES = ("KERAS_HOME", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")


def load_keras() -> None:
    """Import Keras, unless that was done before, without the settings of its home folder.

    To be called before TensorFlow is imported, which imports Keras by itself.
    """
    before = {name: os.environ.pop(name) for name in VARIABLES if name in os.environ}
    os.environ["KERAS_HOME"] = str(NOWHERE)
    try:
        import keras  # noqa: F401
    finally:
        del os.environ["KERAS_HOME"]
        os.environ.update(before)


@contextmanager
def usual_settings() -> Iterator[None]:
    """Train in float32 and to the end, whatever the program that trains has set for itself."""
    from keras import config

    before = (
        config.floatx(),
        config.dtype_policy(),
        config.epsilon(),
        config.image_data_format(),
        config.max_epochs(),
        config.max_steps_per_epoch(),
    )
    _set("float32", "float32", 1e-7, "channels_last", None, None)
    try:
        yield
    finally:
        _set(*before)


def _set(floatx, policy, epsilon, image_data_format, max_epochs, max_steps_per_epoch) -> None:
    from keras import config

    config.set_floatx(floatx)
    config.set_dtype_policy(policy)
    config.set_epsilon(epsilon)
    config.set_image_data_format(image_data_format)
    config.set_max_epochs(max_epochs)
    config.set_max_steps_per_epoch(max_steps_per_epoch)
