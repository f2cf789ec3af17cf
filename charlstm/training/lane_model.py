"""The network as it trains on a CPU: Keras' `fit()` leads, `LaneTraining` computes the steps.

A framework computes a step of an LSTM as thousands of small operations, and spends more time
between them than in them. So within `fit` the weights are arrays of `LaneTraining`, and Keras'
variables are what they were until they are brought up to date: at the end, and when they are read.
"""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from charlstm.network.lane_pass import LanePass, Masks, Window, matrices_of, weights_of
from charlstm.network.lane_training import AdamW, LaneTraining
from charlstm.network.lstm import Architecture
from charlstm.network.way import Way
from charlstm.runs.recipes import Recipe
from charlstm.training.batches import Lanes

_DROPOUT = 1  # tells the random numbers of dropout from those of the batches


class LaneModel(keras.Model):
    """A network over lanes whose state is carried from step to step.

    `fit` is fed by `steps`, and must be given `BringsUpToDate` as its first callback; without it,
    the variables stay as they were. What is dropped in a step depends on its number and on the
    random seed only, so a training that is resumed goes on as if it had not stopped.

    Attributes:
        lane_training: within `fit` only.
        learning_rate: of the steps in `fit`, which begins with that of the optimizer.

    Args:
        layers: the built layers whose weights are trained, in the order of their weights in
            `Architecture.weight_shapes`.
        way: how the network is computed; its groups must divide the number of lanes. Weights, gates
            and state are float32 in any case.
    """

    def __init__(
        self,
        layers: list[keras.layers.Layer],
        recipe: Recipe,
        architecture: Architecture,
        way: Way,
    ):
        super().__init__(name="training")
        self.trained_layers = layers
        self.recipe, self.architecture = recipe, architecture
        self.lane_pass = LanePass(architecture, recipe.lanes, recipe.window, way)
        self.states = [  # hidden and cell state of each LSTM layer, (units, lanes)
            self.add_weight(shape=state[0].shape, initializer="zeros", trainable=False, name=name)
            for state in self.lane_pass.start()
            for name in "hc"
        ]
        # Nothing is drawn from it, but earlier versions saved one with a training: with it, their
        # trainings can be resumed.
        self.seed_generator = keras.random.SeedGenerator()
        self.lane_training: LaneTraining | None = None
        self.learning_rate = 0.0
        self._step = 0  # the number of the next one
        self._updated_steps = 0  # how many had been made when the variables were brought up to date
        self._data: Lanes | None = None
        self._soft_targets: np.ndarray | None = None
        self._sums = np.zeros(3)  # since the chapter began: steps, losses, accuracies
        self.built = True

    def steps(self, data: Lanes, step: int, soft_targets: np.ndarray | None = None):
        """What `fit` is fed with, from a step on.

        It is endless and never read: to ask TensorFlow for the next element takes half a
        millisecond, which is much of a small network's step.

        Args:
            data: the text; the batch of a step is a function of its number.
            soft_targets: see `batches.batches`.
        """
        self._data, self._soft_targets, self._step = data, soft_targets, step
        return tf.data.Dataset.counter()

    def fit(self, *args, **kwargs):
        try:
            return super().fit(*args, **kwargs)
        finally:
            self.lane_training = None

    def make_train_function(self, force=False):
        """Called by Keras at the beginning of `fit`."""
        self._take_over()
        self.train_function = self._train

    def reset_metrics(self):
        """Called by Keras at the beginning of a chapter."""
        super().reset_metrics()
        self._sums[:] = 0

    def window(self, step: int) -> Window:
        """What is read and learned in a step."""
        assert self._data is not None  # see `steps`
        batch = self._data.batch(step)
        soft_targets = None
        if self._soft_targets is not None:
            expected = self._soft_targets.take(self._data.positions(step), axis=0, mode="wrap")
            soft_targets = expected.astype(np.float32)
        return Window(
            ids=batch.ids,
            targets=batch.targets,
            keep=batch.keep,
            soft_targets=soft_targets,
            soft_share=0.0 if soft_targets is None else self.recipe.teachers_share,
        )

    def masks(self, step: int) -> Masks:
        """What is dropped in a step."""
        assert self._data is not None
        return Masks.drawn(
            self.architecture,
            self.recipe.lanes,
            np.random.default_rng((self._data.random_seed, step, _DROPOUT)),
            embedding=self.recipe.embedding_dropout,
            layers=self.recipe.dropout,
            recurrent=self.recipe.recurrent_dropout,
        )

    def evaluate(self, x, y, batch_size=None, verbose=0, return_dict=True) -> dict[str, float]:
        """Mean loss in nats and accuracy over windows, each from a zero state.

        Args:
            x, y: inputs and targets, int32, (windows, characters).
        """
        lanes, time = self.recipe.lanes, self.recipe.window
        count, length = x.shape
        full = (-(-count // lanes) * lanes, -(-length // time) * time)
        (inputs, targets), keep = np.zeros((2, *full), np.int32), np.ones((lanes, 1), np.float32)
        inputs[:count, :length], targets[:count, :length] = x, y
        losses, is_right = np.zeros((2, *full), np.float32)
        if self.lane_training is None:
            matrices = self._matrices(self.trainable_variables)
        else:
            matrices = self.lane_training.matrices
        for first in range(0, full[0], lanes):
            rows, states = slice(first, first + lanes), self.lane_pass.start()
            for begin in range(0, full[1], time):
                places = (rows, slice(begin, begin + time))
                window = Window(ids=inputs[places], targets=targets[places], keep=keep)
                found = self.lane_pass.read(matrices, states, window)
                losses[places], is_right[places] = found.losses, found.is_right
                states = found.states
        return {
            "loss": float(losses[:count, :length].mean(dtype=np.float64)),
            "accuracy": float(is_right[:count, :length].mean(dtype=np.float64)),
        }

    def _matrices(self, variables) -> list[np.ndarray]:
        arrays = [keras.ops.convert_to_numpy(variable) for variable in variables]
        return matrices_of(self.architecture, arrays)

    def _train(self, iterator) -> dict[str, float]:
        """One step, and the means since the chapter began."""
        step = self._step
        assert self.lane_training is not None
        found = self.lane_training.step(self.window(step), self.masks(step), self.learning_rate)
        self._step += 1
        self._sums += 1, found.losses.mean(), found.is_right.mean()
        count, loss, accuracy = self._sums
        return {"loss": loss / count, "accuracy": accuracy / count}

    def _take_over(self) -> None:
        """Make `lane_training` of Keras' variables."""
        optimizer = self.optimizer
        self.learning_rate = float(optimizer.learning_rate)
        self._updated_steps = int(optimizer.iterations)
        self.lane_training = LaneTraining(
            lane_pass=self.lane_pass,
            optimizer=AdamW(
                beta_1=optimizer.beta_1,
                beta_2=optimizer.beta_2,
                epsilon=optimizer.epsilon,
                decay=self.recipe.weight_decay,
                clip_norm=self.recipe.clip_norm,
            ),
            matrices=self._matrices(self.trainable_variables),
            means=self._matrices(optimizer._momentums),
            variances=self._matrices(optimizer._velocities),
            states=[
                np.stack([keras.ops.convert_to_numpy(state) for state in pair])
                for pair in zip(self.states[::2], self.states[1::2], strict=True)
            ],
            steps=self._updated_steps,
        )

    def bring_up_to_date(self) -> None:
        """Make Keras' variables what the training has come to."""
        training = self.lane_training
        if training is None or training.steps == self._updated_steps:
            return
        optimizer = self.optimizer
        for variables, matrices in (
            (self.trainable_variables, training.matrices),
            (optimizer._momentums, training.means),
            (optimizer._velocities, training.variances),
        ):
            for variable, array in zip(
                variables, weights_of(self.architecture, matrices), strict=True
            ):
                variable.assign(array)
        after = [state for pair in training.states for state in pair]
        for variable, state in zip(self.states, after, strict=True):
            variable.assign(state)
        optimizer.iterations.assign(training.steps)
        optimizer.learning_rate = self.learning_rate
        self._updated_steps = training.steps

    def set_learning_rate(self, rate: float) -> None:
        """Set the learning rate of the next steps."""
        self.learning_rate = rate


class BringsUpToDate(keras.callbacks.Callback):
    """Brings Keras' variables up to date at the end of `fit`."""

    def on_train_end(self, logs=None):
        self.model.bring_up_to_date()
