"""Data-parallel training on several devices, which Keras supports on JAX.

Every device holds all weights and processes its own share of the lanes; the gradients are averaged.
The result is the same sum as on one device, in another order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import keras

from charlstm.runs.recipes import Recipe
from charlstm.training.device import Device


class LaneParallel(keras.distribution.DataParallel):
    """DataParallel that keeps a lane's carried state on the device that processes the lane.

    Args:
        devices: names of the devices, as returned by `keras.distribution.list_devices`.
        lanes: number of lanes, a multiple of the number of devices.
    """

    def __init__(self, devices: list[str], lanes: int):
        super().__init__(devices=devices)
        self.lanes = lanes

    def get_variable_layout(self, variable):
        # Only the state of a `CarriedLSTM`, (lanes, units), has such a path. Any other layout would
        # also be correct, but XLA would move the state between devices at every step.
        if variable.path.endswith(("/h", "/c")) and variable.shape[0] == self.lanes:
            return keras.distribution.TensorLayout([self.batch_dim_name, None], self.device_mesh)
        return super().get_variable_layout(variable)

    def get_data_layout(self, data_shape):
        layout = super().get_data_layout(data_shape)
        if data_shape[0] % self.device_mesh.devices.size == 0:
            return layout
        # The number of held-out windows depends on the time available, and need not be divisible
        # by the number of devices: replicate them.
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


@contextmanager
def over_devices(device: Device, recipe: Recipe) -> Iterator[Device]:
    """Context in which what Keras builds is sharded across devices.

    Uses the largest number of devices that divides the lanes evenly. Changes nothing on TensorFlow,
    on torch, with a single device, or for the notebook's recipe, whose epochs end with a smaller
    batch of arbitrary size.

    Yields:
        The device, with a name that includes how many are used.
    """
    available = keras.distribution.list_devices() if device.backend == "jax" else []
    if len(available) < 2 or not recipe.predicts_every_position:
        yield device
        return
    used = max(n for n in range(1, len(available) + 1) if recipe.lanes % n == 0)
    name = f"{used} x {device.name}"
    if used < len(available):
        name += f" (of {len(available)}: {recipe.lanes} lanes part evenly among {used})"
    before = keras.distribution.distribution()
    if used > 1:
        keras.distribution.set_distribution(LaneParallel(available[:used], recipe.lanes))
    try:
        yield replace(device, name=name)
    finally:
        keras.distribution.set_distribution(before)
