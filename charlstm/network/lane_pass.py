"""A step of training on a CPU, up to the gradients: all lanes, forward and back through a window.

Lanes are computed in groups, one for each core, each by a thread of its own from the characters to
the gradients: the threads wait for each other once at the end, and no framework stands between the
layers.

Arrays are laid out (features, time * lanes), as in `training_layer`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from charlstm.network import lane_kernel
from charlstm.network.float_products import COLUMNS, TILE_ROWS, TILES
from charlstm.network.lstm import Architecture
from charlstm.network.recurrence_kernel import ROWS, products, weight_gradient
from charlstm.network.training_layer import Layer, aligned, filled_up, pack, products_arguments
from charlstm.network.way import Way

BLOCK = TILES * TILE_ROWS  # rows of a product in the matrix units
FORTH, BACK = True, False  # whether weights are transposed to be packed for that way


@dataclass(frozen=True, kw_only=True)
class Masks:
    """What is multiplied in training, for dropout: 0, or what makes up for the zeros.

    Attributes:
        embedding: (features, lanes).
        layers: after each LSTM layer, (units, lanes).
        recurrent: for the recurrent weights of each layer, (units, 4 * units); empty for none.
    """

    embedding: np.ndarray
    layers: tuple[np.ndarray, ...]
    recurrent: tuple[np.ndarray, ...] = ()

    @classmethod
    def drawn(
        cls,
        architecture: Architecture,
        lanes: int,
        rng: np.random.Generator,
        *,
        embedding: float = 0.0,
        layers: float = 0.0,
        recurrent: float = 0.0,
    ) -> Masks:
        """Masks that drop shares of the features of each lane, and of the recurrent weights.

        A lane's mask holds for the whole window: variational dropout, Gal and Ghahramani 2016,
        arXiv:1512.05287. Recurrent weights: DropConnect (Wan et al. 2013), as weight-drop (Merity
        et al. 2017, arXiv:1708.02182).
        """

        def mask(rate: float, *shape: int) -> np.ndarray:
            if not rate:
                return np.ones(shape, np.float32)
            return (rng.random(shape, np.float32) >= rate) * np.float32(1 / (1 - rate))

        units = architecture.lstm_units
        return cls(
            embedding=mask(embedding, architecture.embedding_units, lanes),
            layers=tuple(mask(layers, each, lanes) for each in units),
            recurrent=tuple(mask(recurrent, each, 4 * each) for each in units) if recurrent else (),
        )

    def of_group(self, lanes: slice) -> Masks:
        """The masks of some lanes."""
        return Masks(
            embedding=np.ascontiguousarray(self.embedding[:, lanes]),
            layers=tuple(np.ascontiguousarray(each[:, lanes]) for each in self.layers),
            recurrent=self.recurrent,
        )


@dataclass(frozen=True, kw_only=True)
class Window:
    """What is read and learned in a step.

    Attributes:
        ids, targets: int32, (lanes, time): the characters, and the one after each.
        keep: float32, (lanes, 1): 0 where a lane's state is reset, else 1.
        soft_targets: the teachers' probabilities, float32, (lanes, time, vocab); None without.
        soft_share: the weight of the loss against them.
    """

    ids: np.ndarray
    targets: np.ndarray
    keep: np.ndarray
    soft_targets: np.ndarray | None = None
    soft_share: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What a step found.

    Attributes:
        losses: negative log-likelihood of each target, in nats, (lanes, time).
        is_right: 1 where the target was the likeliest character, (lanes, time).
        states: hidden and cell states after the last character, (2, units, lanes) for each layer.
        gradients: of the mean loss, with respect to the matrices, see `matrices_of`.
    """

    losses: np.ndarray
    is_right: np.ndarray
    states: list[np.ndarray]
    gradients: list[np.ndarray]


def matrices_of(architecture: Architecture, weights: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Weights as they are trained: fewer and larger.

    Args:
        weights: in the order of `Architecture.weight_shapes`.

    Returns:
        The embedding, (vocab, features); for each LSTM layer its input weights, bias and recurrent
        weights, one below the other, (features + 1 + units, 4 * units); and weights and bias of the
        output layer, (units + 1, vocab). A bias is multiplied with a row of ones. All are copies.
    """
    matrices = [np.array(weights[0], np.float32)]
    for layer in range(len(architecture.lstm_units)):
        kernel, recurrent, bias = weights[1 + 3 * layer : 4 + 3 * layer]
        matrices.append(np.concatenate([kernel, bias[None], recurrent]).astype(np.float32))
    return [*matrices, np.concatenate([weights[-2], weights[-1][None]]).astype(np.float32)]


def weights_of(architecture: Architecture, matrices: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The weights, in the order of `Architecture.weight_shapes`, of which these are the matrices.

    They are views of the matrices.
    """
    weights = [matrices[0]]
    for units, matrix in zip(architecture.lstm_units, matrices[1:-1], strict=True):
        below = len(matrix) - units - 1
        weights += [matrix[:below], matrix[below + 1 :], matrix[below]]
    return [*weights, matrices[-1][:-1], matrices[-1][-1]]


class LanePass:
    """Runs a network over windows of its lanes, and back.

    It uses its memory again for every window, so it is for one caller at a time.

    Args:
        lanes: a multiple of the way's groups.
        time: characters of a window.
    """

    def __init__(self, architecture: Architecture, lanes: int, time: int, way: Way):
        self.architecture, self.lanes, self.time, self.way = architecture, lanes, time, way
        each = lanes // way.groups
        self._groups = [
            _Group(architecture, slice(first, first + each), time, way.in_tiles)
            for first in range(0, lanes, each)
        ]
        self._threads = ThreadPoolExecutor(way.groups) if way.groups > 1 else None
        self._no_masks = Masks.drawn(architecture, lanes, np.random.default_rng(0))

    def start(self) -> list[np.ndarray]:
        """Zero states, as `Outcome.states`."""
        units = self.architecture.lstm_units
        return [np.zeros((2, each, self.lanes), np.float32) for each in units]

    def __call__(
        self,
        matrices: Sequence[np.ndarray],
        states: Sequence[np.ndarray],
        window: Window,
        masks: Masks | None = None,
    ) -> Outcome:
        """Run a window forward and back.

        Args:
            matrices: see `matrices_of`.
            states: before the first character, see `Outcome.states`. They receive no gradient: this
                is truncated back-propagation through time.
            masks: for dropout; None drops nothing.
        """
        if masks is None:
            masks = self._no_masks
        embedding, *others = matrices
        others = self._masked(others, masks)
        forth, back = self._packed(others, (FORTH, BACK))
        kept, scale = self._kept(states, window), 1 / (self.lanes * self.time)

        def run(group: _Group) -> tuple[Outcome, list[np.ndarray]]:
            found = group.forth(embedding, forth, kept, window, masks, scale)
            return found, group.back(embedding, back)

        parts, of_groups = zip(*self._in_threads(run, self._groups), strict=True)
        gradients = of_groups[0]
        for group in of_groups[1:]:
            for total, more in zip(gradients, group, strict=True):
                total += more
        return self._together(parts, [gradients[0], *self._masked(gradients[1:], masks)])

    def read(
        self, matrices: Sequence[np.ndarray], states: Sequence[np.ndarray], window: Window
    ) -> Outcome:
        """Run a window forward only, without dropout; there are no gradients."""
        embedding, *others = matrices
        (forth,) = self._packed(others, (FORTH,))
        kept = self._kept(states, window)
        parts = self._in_threads(
            lambda group: group.forth(embedding, forth, kept, window, self._no_masks, 1.0),
            self._groups,
        )
        return self._together(parts, [])

    @staticmethod
    def _kept(states: Sequence[np.ndarray], window: Window) -> list[np.ndarray]:
        return [state * window.keep[:, 0] for state in states]

    @staticmethod
    def _together(parts: Sequence[Outcome], gradients: list[np.ndarray]) -> Outcome:
        return Outcome(
            losses=np.concatenate([part.losses for part in parts]),
            is_right=np.concatenate([part.is_right for part in parts]),
            states=[
                np.concatenate(arrays, axis=2)
                for arrays in zip(*(part.states for part in parts), strict=True)
            ],
            gradients=gradients,
        )

    @staticmethod
    def _masked(matrices: Sequence[np.ndarray], masks: Masks) -> list[np.ndarray]:
        """The matrices of the layers, or their gradients, with what recurrent dropout leaves."""
        matrices = list(matrices)
        for layer, mask in enumerate(masks.recurrent):
            above = len(matrices[layer]) - len(mask)
            matrices[layer] = np.concatenate(
                [matrices[layer][:above], matrices[layer][above:] * mask]
            )
        return matrices

    def _packed(
        self, matrices: Sequence[np.ndarray], directions: Sequence[bool]
    ) -> list[list[np.ndarray]]:
        """The matrices, packed in each of some directions: for the way forth (transposed), or back.

        All at the same time.
        """
        tasks = [(matrix, transposed) for transposed in directions for matrix in matrices]
        found = self._in_threads(
            lambda task: pack(task[0], self.way.in_tiles, transposed=task[1]), tasks
        )
        count = len(matrices)
        return [found[first : first + count] for first in range(0, len(found), count)]

    def _in_threads(self, work: Callable, items: Sequence) -> list:
        if self._threads is None:
            return list(map(work, items))
        return list(self._threads.map(work, items))


class _Group:
    """Some lanes of a `LanePass`, for one thread."""

    def __init__(self, architecture: Architecture, lanes: slice, time: int, in_tiles: bool):
        self.lanes, self.time, self.in_tiles = lanes, time, in_tiles
        self.count = lanes.stop - lanes.start
        self.vocab = architecture.vocabulary_size
        self.masks: Masks
        self.ids: np.ndarray  # (time, lanes)
        features = [architecture.embedding_units, *architecture.lstm_units]
        self.layers = [
            Layer(below + 1, units, time, self.count, in_tiles)
            for below, units in zip(features, architecture.lstm_units, strict=False)
        ]
        panels = filled_up(self.count, COLUMNS) // COLUMNS

        def make_panels(rows: int) -> np.ndarray:
            room = filled_up(filled_up(rows, ROWS), BLOCK if in_tiles else 1)
            return np.zeros((time, panels, room, COLUMNS), "f4")

        # Of the output layer: what enters it with a row of ones, its logits, and what goes back.
        self.entering = make_panels(features[-1] + 1)
        self.logits = make_panels(self.vocab)
        self.going_back = make_panels(features[-1] + 1)

    def forth(
        self,
        embedding: np.ndarray,
        packed: Sequence[np.ndarray],
        states: list[np.ndarray],
        window: Window,
        masks: Masks,
        scale: float,
    ) -> Outcome:
        """As `LanePass.read`, for these lanes.

        Args:
            packed: the matrices after the embedding, for the way forth.
            scale: of the losses whose sum `back` gives the gradients of.
        """
        masks = self.masks = masks.of_group(self.lanes)
        ids = self.ids = np.ascontiguousarray(window.ids[self.lanes].T)
        values = aligned((embedding.shape[1] + 1, ids.size))
        lane_kernel.embed(embedding, ids, masks.embedding, values)
        after = []
        for number, layer in enumerate(self.layers):
            if number:
                below, values = values, aligned((len(values) + 1, ids.size))
                lane_kernel.drop(below, masks.layers[number - 1], values)
            hidden, cell = (np.ascontiguousarray(s[:, self.lanes]) for s in states[number])
            values, last = layer.forward(values, hidden, cell, packed[number])
            after.append(last)
        lane_kernel.to_panels(values, masks.layers[-1], self.entering)
        products(*products_arguments(packed[-1]), self.entering, self.logits)
        targets = np.ascontiguousarray(window.targets[self.lanes].T)
        soft = np.empty((0, 0, self.vocab), np.float32)
        if window.soft_targets is not None:
            soft = np.ascontiguousarray(window.soft_targets[self.lanes].transpose(1, 0, 2))
        losses, is_right = (np.empty(targets.shape, np.float32) for _ in range(2))
        lane_kernel.losses_and_gradient(
            self.logits,
            targets,
            soft,
            np.float32(window.soft_share),
            np.float32(scale),
            losses,
            is_right,
        )
        return Outcome(losses.T, is_right.T, after, [])

    def back(self, embedding: np.ndarray, packed: Sequence[np.ndarray]) -> list[np.ndarray]:
        """The gradients of the matrices, of what `forth` read last.

        Args:
            packed: the matrices after the embedding, for the way back.
        """
        masks, ids = self.masks, self.ids
        products(*products_arguments(packed[-1]), self.logits, self.going_back)
        rows, columns = self.layers[-1].units + 1, self.vocab
        room = filled_up(self.entering.shape[2], math.lcm(ROWS, BLOCK))
        d_weights = aligned((room, filled_up(columns, COLUMNS)))
        weight_gradient(self.entering, self.logits, self.in_tiles, d_weights)
        gradients = [np.ascontiguousarray(d_weights[:rows, :columns])]
        d_values = aligned((self.layers[-1].units, ids.size))
        lane_kernel.from_panels(self.going_back, masks.layers[-1], d_values)
        for number in range(len(self.layers) - 1, -1, -1):
            d_below, d_weights = self.layers[number].backward(d_values, packed[number])
            gradients.append(d_weights)
            if number:
                d_values = aligned((len(d_below) - 1, ids.size))
                lane_kernel.drop(d_below, masks.layers[number - 1], d_values)
        d_embedding = np.zeros_like(embedding)
        lane_kernel.embedding_gradient(d_below, ids, masks.embedding, d_embedding)
        return [d_embedding, *reversed(gradients)]
