"""The whole network as one layer for training on a CPU, with one group of lanes per core.

Each group is a separate chain of operations, so that the cores work independently. Threads that
share a single small matrix product spend most of their time waiting for each other.

Arrays are feature-first, (features, time * lanes), as in `recurrence`.
"""

from __future__ import annotations

import keras
from keras import ops

from charlstm.network.training_layer import Layer
from charlstm.network.training_speed import Way
from charlstm.runs.recipes import Recipe
from charlstm.training.recurrence import pack, recurrence


class LaneNetwork(keras.layers.Layer):
    """Embedding, LSTM layers and output layer over lanes whose state is carried between calls.

    Call with ids (lanes, window) and keep (lanes, 1), 0 where a lane's state is reset; returns
    logits (lanes, window, vocab), float32.

    Args:
        embedding, lstms, output: built layers, whose weights this layer uses and trains.
        way: how the LSTM layers are computed; its groups must divide the number of lanes. Weights,
            gates and state are float32 in any case.
    """

    def __init__(
        self,
        embedding: keras.layers.Embedding,
        lstms: list[keras.layers.LSTM],
        output: keras.layers.Dense,
        recipe: Recipe,
        way: Way,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.embedding, self.lstms, self.output_layer = embedding, lstms, output
        self.recipe = recipe
        self.way = way
        self.states = [
            tuple(
                self.add_weight(
                    shape=(lstm.units, recipe.lanes),
                    initializer="zeros",
                    trainable=False,
                    name=name,
                )
                for name in "hc"
            )
            for lstm in lstms
        ]
        self.seed_generator = keras.random.SeedGenerator()
        features = [embedding.output_dim, *(lstm.units for lstm in lstms)]
        self.compiled_layers = [
            [
                Layer(
                    below + 1, lstm.units, recipe.window, recipe.lanes // way.groups, way.in_tiles
                )
                for below, lstm in zip(features, lstms, strict=False)
            ]
            for _ in range(way.groups)
        ]

    def call(self, ids, keep, training=False):
        # Within `fit` the static shapes are unknown.
        ids = ops.reshape(ids, (self.recipe.lanes, self.recipe.window))
        keep = ops.reshape(keep, (1, self.recipe.lanes))
        cast = self._cast
        embedding = ops.transpose(cast(self.embedding.embeddings))
        weights = [self._weights(lstm, training) for lstm in self.lstms]
        packed = [pack(each, self.way.in_tiles) for each in weights]
        output = _with_bias(self.output_layer.kernel, self.output_layer.bias, cast)
        states = [
            [ops.split(s * keep, self.way.groups, axis=1) for s in pair] for pair in self.states
        ]
        after: list[tuple[list, list]] = [([], []) for _ in self.lstms]
        logits = []
        for group, its_ids in enumerate(ops.split(ids, self.way.groups, axis=0)):
            # A product with one-hot vectors is faster than a gather and its gradient.
            one_hot = ops.one_hot(
                ops.reshape(ops.transpose(its_ids), (-1,)),
                embedding.shape[1],
                axis=0,
                dtype=self.way.matrix_dtype,
            )
            x = self._drop(ops.matmul(embedding, one_hot), self.recipe.embedding_dropout, training)
            ones = ops.ones((1, x.shape[1]))
            x = ops.cast(x, "float32")
            for layer, compiled_layer in enumerate(self.compiled_layers[group]):
                hidden, cell = (s[group] for s in states[layer])
                x, hidden, cell = recurrence(
                    ops.concatenate([x, ones], axis=0),
                    hidden,
                    cell,
                    weights[layer],
                    packed[layer],
                    compiled_layer,
                )
                after[layer][0].append(hidden)
                after[layer][1].append(cell)
                x = self._drop(x, self.recipe.dropout, training)
            x = ops.matmul(output, cast(ops.concatenate([x, ones], axis=0)))
            x = ops.reshape(ops.cast(x, "float32"), (-1, self.recipe.window, its_ids.shape[0]))
            logits.append(ops.transpose(x, (2, 1, 0)))
        for pair, groups in zip(self.states, after, strict=True):
            for state, parts in zip(pair, groups, strict=True):
                state.assign(ops.concatenate(parts, axis=1))
        return ops.concatenate(logits, axis=0)

    def _cast(self, values):
        return ops.cast(values, self.way.matrix_dtype)

    def _weights(self, lstm: keras.layers.LSTM, training: bool):
        """Input weights, bias and recurrent weights, (features + 1 + units, 4 * units).

        The bias is multiplied with a row of ones in the inputs. In training, single recurrent
        weights are dropped: DropConnect (Wan et al. 2013), as weight-drop (Merity et al. 2017).
        """
        cell = lstm.cell
        recurrent = ops.convert_to_tensor(cell.recurrent_kernel)
        if training and self.recipe.recurrent_dropout:
            recurrent = keras.random.dropout(
                recurrent, self.recipe.recurrent_dropout, seed=self.seed_generator
            )
        return ops.concatenate([cell.kernel, cell.bias[None], recurrent], axis=0)

    def _drop(self, x, rate: float, training: bool):
        """Dropout with one mask per lane for all characters of a window.

        Source: variational dropout, Gal and Ghahramani 2016, arXiv:1512.05287.
        """
        if not (training and rate):
            return x
        features, lanes = x.shape[0], self.recipe.lanes // self.way.groups
        mask = keras.random.dropout(
            ops.ones((features, 1, lanes), x.dtype), rate, seed=self.seed_generator
        )
        x = ops.reshape(x, (features, self.recipe.window, lanes)) * mask
        return ops.reshape(x, (features, -1))


def _with_bias(kernel, bias, cast):
    """Weights and bias of a layer in one matrix, (units, features + 1)."""
    return ops.concatenate([ops.transpose(cast(kernel)), cast(bias)[:, None]], axis=1)
