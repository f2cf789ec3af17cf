"""The LSTM network in NumPy, in float32: state in, state out.

Training needs a framework; computing one character after another does not. A step of the
3.7-million-parameter network takes a third of a millisecond here, and the server never loads
TensorFlow.

An LSTM layer computes from the input x, the hidden state h and the cell state c (with the four
gates in the order of Keras: input, forget, candidate, output):

    i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias, 4)
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    h = sigmoid(o) * tanh(c)

Two rearrangements make it fast and leave the result the same. The input of the first layer depends
on the character alone, so embedding, kernel and bias are multiplied out once, into one row a
character. And sigmoid(x) = (1 + tanh(x / 2)) / 2 turns all four gates into one tanh, with the
halves folded into the weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """The sizes that define a network.

    Attributes:
        lstm_units: one entry a layer, from the input up.
    """

    vocabulary_size: int
    embedding_units: int
    lstm_units: tuple[int, ...]

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight by its name, which is that of the Keras variable."""
        shapes: dict[str, tuple[int, ...]] = {
            "embedding/embeddings": (self.vocabulary_size, self.embedding_units)
        }
        inputs = self.embedding_units
        for layer, units in enumerate(self.lstm_units, 1):
            shapes[f"lstm_{layer}/lstm_cell/kernel"] = (inputs, 4 * units)
            shapes[f"lstm_{layer}/lstm_cell/recurrent_kernel"] = (units, 4 * units)
            shapes[f"lstm_{layer}/lstm_cell/bias"] = (4 * units,)
            inputs = units
        shapes["output/kernel"] = (inputs, self.vocabulary_size)
        shapes["output/bias"] = (self.vocabulary_size,)
        return shapes

    def parameters(self) -> int:
        """Number of trainable weights."""
        return sum(int(np.prod(shape)) for shape in self.weight_shapes().values())


# One (hidden, cell) pair a layer, each float32, (batch, units). Arrays are never changed in place.
State = tuple[tuple[np.ndarray, np.ndarray], ...]


class Network:
    """A character-level LSTM that computes the same logits as the Keras network.

    Args:
        weights: arrays named and shaped as `Architecture.weight_shapes` says, any float type.
    """

    def __init__(self, architecture: Architecture, weights: Mapping[str, np.ndarray]):
        self.architecture = architecture
        names = architecture.weight_shapes()
        full = {name: np.asarray(weights[name], np.float32) for name in names}
        self._inputs = []  # kernel of each layer; that of the first is folded into a table
        self._recurrents = []
        self._biases = []
        for layer, units in enumerate(architecture.lstm_units, 1):
            name = f"lstm_{layer}/lstm_cell/"
            halves = np.full(4 * units, 0.5, np.float32)
            halves[2 * units : 3 * units] = 1  # the candidate is a tanh already
            kernel = full[name + "kernel"] * halves
            bias = full[name + "bias"] * halves
            self._recurrents.append(full[name + "recurrent_kernel"] * halves)
            if layer == 1:
                self._table = full["embedding/embeddings"] @ kernel + bias  # (vocab, 4 x units)
            self._inputs.append(kernel[:0] if layer == 1 else kernel)
            self._biases.append(bias)
        self._output_kernel = full["output/kernel"]
        self._output_bias = full["output/bias"]

    def start(self, batch: int = 1) -> State:
        """The state before any character: all zero."""
        return tuple(
            (np.zeros((batch, units), np.float32), np.zeros((batch, units), np.float32))
            for units in self.architecture.lstm_units
        )

    def advance(self, ids: np.ndarray, state: State) -> State:
        """The state after one more character of each text, ids (batch,)."""
        new_state = []
        below = np.empty((len(ids), 0), np.float32)  # of the layer below; the first has none
        for layer, (hidden, cell) in enumerate(state):
            gates = hidden @ self._recurrents[layer]
            if layer == 0:
                gates += self._table[ids]
            else:
                gates += below @ self._inputs[layer]
                gates += self._biases[layer]
            below, cell = _cell(gates, cell)
            new_state.append((below, cell))
        return tuple(new_state)

    def logits(self, state: State) -> np.ndarray:
        """Logits of the next character, (batch, vocab): unnormalised log probabilities."""
        return state[-1][0] @ self._output_kernel + self._output_bias

    def step(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read one character of each text: ids (batch,) -> logits (batch, vocab), new state."""
        state = self.advance(ids, state)
        return self.logits(state), state

    def read(self, ids: np.ndarray, state: State) -> tuple[np.ndarray, State]:
        """Read whole texts: ids (batch, time) -> logits (batch, time, vocab), new state.

        Layer by layer, so that a layer multiplies its inputs of all characters in one product.
        """
        batch, time = ids.shape
        new_state = []
        below = np.empty((time, batch, 0), np.float32)  # of the layer below; the first has none
        for layer, (hidden, cell) in enumerate(state):
            if layer == 0:
                entering = self._table[ids.T]  # (time, batch, 4 x units)
            else:
                entering = below @ self._inputs[layer] + self._biases[layer]
            below = np.empty((time, *hidden.shape), np.float32)
            for step in range(time):
                gates = hidden @ self._recurrents[layer]
                gates += entering[step]
                hidden, cell = _cell(gates, cell)
                below[step] = hidden
            new_state.append((hidden, cell))
        logits = below @ self._output_kernel + self._output_bias
        return logits.swapaxes(0, 1), tuple(new_state)


def _cell(gates: np.ndarray, cell: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The new hidden and cell state, (batch, units), from gates (batch, 4 x units)."""
    units = cell.shape[-1]
    np.tanh(gates, out=gates)
    candidate = gates[:, 2 * units : 3 * units]
    inputs = 0.5 * gates[:, :units] + 0.5
    forget = 0.5 * gates[:, units : 2 * units] + 0.5
    output = 0.5 * gates[:, 3 * units :] + 0.5
    cell = forget * cell + inputs * candidate
    return output * np.tanh(cell), cell
