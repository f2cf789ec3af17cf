"""The network in Keras 3: the same code on TensorFlow, JAX and torch.

Two models share one set of layers. The cold model reads windows from a zero state; it defines
the weights and measures the held-out loss. The training model carries its state from step to step,
for truncated back-propagation through time: with the framework's own LSTM, or compiled, as
`LaneModel`, on a CPU with TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import keras
import numpy as np

from charlstm.network.lstm import Architecture
from charlstm.network.way import Way
from charlstm.runs.recipes import Recipe
from charlstm.training.batches import batches


class CarriedLSTM(keras.layers.Layer):
    """An LSTM layer that starts each step from the state in which the previous step ended.

    `LSTM(stateful=True)` keeps its state in variables that Keras does not track, so that it is lost
    on JAX. Here the hidden and cell state are non-trainable weights of the layer.

    Call with inputs (lanes, window, features) and keep (lanes, 1), 0 where a lane's state is reset;
    returns hidden states (lanes, window, units).

    Args:
        recurrent_dropout: share of the recurrent weights that are dropped in a step: DropConnect
            (Wan et al. 2013), as weight-drop (Merity et al. 2017). Keras' own recurrent dropout
            acts on the hidden state at every character, which cuDNN does not support.
    """

    def __init__(self, lstm: keras.layers.LSTM, lanes: int, recurrent_dropout: float, **kwargs):
        super().__init__(**kwargs)
        self.lstm = lstm
        self.recurrent_dropout = recurrent_dropout
        self.seed_generator = keras.random.SeedGenerator()
        shape = (lanes, lstm.units)
        self.hidden = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="h")
        self.cell = self.add_weight(shape=shape, initializer="zeros", trainable=False, name="c")

    def call(self, inputs, keep, training=False):
        state = [self.hidden * keep, self.cell * keep]
        # Bypasses Keras, which forbids reassigning a tracked weight.
        attributes = vars(self.lstm.cell)
        full_kernel = attributes["recurrent_kernel"]
        if training and self.recurrent_dropout:
            attributes["recurrent_kernel"] = keras.random.dropout(
                full_kernel.value, self.recurrent_dropout, seed=self.seed_generator
            )
        try:
            outputs, hidden, cell = self.lstm(inputs, initial_state=state)
        finally:
            attributes["recurrent_kernel"] = full_kernel
        self.hidden.assign(hidden)
        self.cell.assign(cell)
        return outputs


@dataclass(frozen=True)
class Models:
    """Two models of one network, which share its layers.

    Attributes:
        cold: ids (batch, time) -> logits (batch, time, vocab), from a zero state.
        training: the model for `fit`. For lanes: {"ids": (lanes, window), "keep": (lanes, 1)} ->
            logits (lanes, window, vocab). For the notebook's windows: ids (batch, window) -> logits
            (batch, vocab) of the next character. With teachers, it returns the logits twice,
            {"text": logits, "teachers": logits}, one for each loss. Or a `LaneModel`, which has a
            step and losses of its own.
        feed: what `fit` of that model is fed with, see `batches.batches`.
        callbacks: what `fit` of that model must call before all others.
        set_learning_rate: sets that of the next steps; None where the optimizer's counts.
        bring_up_to_date: must be called within `fit` before variables are read.
    """

    cold: keras.Model
    training: keras.Model
    feed: Callable[..., Iterable] = batches
    callbacks: tuple[keras.callbacks.Callback, ...] = ()
    set_learning_rate: Callable[[float], None] | None = None
    bring_up_to_date: Callable[[], None] = lambda: None

    @property
    def evaluated(self) -> keras.Model:
        """The model that is evaluated on windows from a zero state."""
        return self.cold if self.feed is batches else self.training


def build_models(
    recipe: Recipe,
    architecture: Architecture,
    *,
    way: Way | None = None,
    taught: bool = False,
) -> Models:
    """Build both models of a recipe.

    Args:
        way: how `LaneModel` computes the network; None uses the framework's own layers instead,
            which are cuDNN's on a GPU.
        taught: whether the network also learns from teachers (knowledge distillation).
    """
    embedding = keras.layers.Embedding(
        architecture.vocabulary_size, architecture.embedding_units, name="embedding"
    )
    # XLA cannot shard a cuDNN call: each of several devices would compute all lanes.
    use_cudnn = "auto" if keras.distribution.distribution() is None else False
    lstms = [
        keras.layers.LSTM(
            units,
            return_sequences=True,
            return_state=True,
            use_cudnn=use_cudnn,
            name=f"lstm_{layer}",
        )
        for layer, units in enumerate(architecture.lstm_units, 1)
    ]
    output = keras.layers.Dense(architecture.vocabulary_size, name="output")

    ids = keras.Input((None,), dtype="int32", name="ids")
    x = embedding(ids)
    for lstm in lstms:
        x, _, _ = lstm(x)
    cold = keras.Model(ids, output(x), name="cold")

    if not recipe.predicts_every_position:
        x = embedding(ids)
        for lstm in lstms:
            x, last, _ = lstm(x)
            x, last = (keras.layers.Dropout(recipe.dropout)(each) for each in (x, last))
        return Models(cold, keras.Model(ids, output(last), name="training"))

    if way is not None:
        from charlstm.training.lane_model import BringsUpToDate, LaneModel  # needs TensorFlow

        lane_model = LaneModel([embedding, *lstms, output], recipe, architecture, way)
        return Models(
            cold,
            lane_model,
            feed=lane_model.steps,
            callbacks=(BringsUpToDate(),),
            set_learning_rate=lane_model.set_learning_rate,
            bring_up_to_date=lane_model.bring_up_to_date,
        )

    lane_ids = keras.Input((recipe.window,), batch_size=recipe.lanes, dtype="int32", name="ids")
    keep = keras.Input((1,), batch_size=recipe.lanes, name="keep")
    x = _dropout(recipe.embedding_dropout, recipe.lanes)(embedding(lane_ids))
    for lstm in lstms:
        carried = CarriedLSTM(
            lstm, recipe.lanes, recipe.recurrent_dropout, name=f"carried_{lstm.name}"
        )
        x = carried(x, keep)
        x = _dropout(recipe.dropout, recipe.lanes)(x)
    logits = output(x)
    outputs = {"text": logits, "teachers": logits} if taught else logits
    return Models(cold, keras.Model({"ids": lane_ids, "keep": keep}, outputs, name="training"))


def _dropout(rate: float, lanes: int) -> keras.layers.Layer:
    """Dropout with one mask per lane for a whole window; the identity for a rate of 0.

    Source: variational dropout, Gal and Ghahramani 2016, arXiv:1512.05287.
    """
    return (
        keras.layers.Dropout(rate, noise_shape=(lanes, 1, None))
        if rate
        else keras.layers.Identity()
    )


def compile_models(models: Models, recipe: Recipe) -> None:
    """Give both models their loss, metrics and optimizer.

    With teachers the loss is the weighted mean of the cross-entropies with the text and with the
    soft targets (knowledge distillation, Hinton et al. 2015).
    """
    optimizer = _optimizer(recipe)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def accuracy() -> keras.Metric:
        return keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    # The cold model is never trained, but Keras requires an optimizer.
    models.cold.compile(optimizer=keras.optimizers.SGD(), loss=loss, metrics=[accuracy()])
    if models.feed is not batches:  # it computes its losses by itself
        models.training.compile(optimizer=optimizer)
    elif isinstance(models.training.output, dict):
        of_teachers = keras.losses.CategoricalCrossentropy(from_logits=True)
        share = recipe.teachers_share
        models.training.compile(
            optimizer=optimizer,
            loss={"text": loss, "teachers": of_teachers},
            loss_weights={"text": 1 - share, "teachers": share},
            metrics={"text": [accuracy()]},
        )
    else:
        models.training.compile(optimizer=optimizer, loss=loss, metrics=[accuracy()])
    optimizer.build(models.training.trainable_variables)


def _optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    settings = {
        "learning_rate": recipe.learning_rate,
        "beta_2": recipe.beta_2,
        "global_clipnorm": recipe.clip_norm,
    }
    if keras.backend.backend() == "tensorflow":
        from charlstm.training.optimizer import FusedAdamW

        return FusedAdamW(decay=recipe.weight_decay, **settings)
    return keras.optimizers.AdamW(weight_decay=recipe.weight_decay, **settings)


def weights_of(models: Models) -> dict[str, np.ndarray]:
    """The network's weights, float32; names and shapes as in `Architecture.weight_shapes`."""
    models.bring_up_to_date()
    return {
        variable.path: keras.ops.convert_to_numpy(variable.value)
        for variable in models.cold.trainable_variables
    }


def set_weights(models: Models, weights: dict[str, np.ndarray]) -> None:
    """Assign weights by name, as `weights_of` returns them, to both models."""
    for variable in models.cold.trainable_variables:
        variable.assign(weights[variable.path])
