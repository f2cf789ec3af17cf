"""What the Keras network makes of a text: the oracle for everything the page shows of it."""

from __future__ import annotations

import numpy as np

from charlstm.network.checkpoint import Checkpoint
from charlstm.writing.single_text import read_seed_text


def read_with_keras(checkpoint: Checkpoint, text: str) -> tuple[np.ndarray, list[np.ndarray]]:
    """Read a line's beginning and the known characters of a text with Keras' own LSTM cells.

    Returns:
        logits, float64, (characters read, vocab), after each character, and the cell states,
        (characters read, units) a layer.
    """
    import keras

    ids = read_seed_text(checkpoint.vocabulary, text).ids
    weights = {name: np.asarray(array, np.float32) for name, array in checkpoint.weights.items()}
    inputs = weights["embedding/embeddings"][ids]
    memory = []
    for layer, units in enumerate(checkpoint.architecture.lstm_units, 1):
        cell = keras.layers.LSTMCell(units)
        cell.build((1, inputs.shape[1]))
        names = ("kernel", "recurrent_kernel", "bias")
        cell.set_weights([weights[f"lstm_{layer}/lstm_cell/{name}"] for name in names])
        state = [keras.ops.zeros((1, units)), keras.ops.zeros((1, units))]
        outputs, cells = [], []
        for row in inputs:
            output, state = cell(row[None], state)
            outputs.append(keras.ops.convert_to_numpy(output)[0])
            cells.append(keras.ops.convert_to_numpy(state[1])[0])
        inputs = np.array(outputs)
        memory.append(np.array(cells))
    logits = inputs @ weights["output/kernel"] + weights["output/bias"]
    return logits.astype(np.float64), memory
