"""Training on several devices at once, each with its part of the lanes; Keras can do it on JAX.

Data parallel: every device has all weights and reads its own lanes; the gradients are averaged.
That is the same sum as on one device, in another order.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import keras

from charlstm.runs.recipes import Recipe
from charlstm.training.device import Device


class LaneParallel(keras.distribution.DataParallel):
    """DataParallel that leaves the carried state of a lane on the device that reads the lane.

    Args:
        devices: names of the devices, as `keras.distribution.list_devices` gives them.
        lanes: how many are read side by side, a multiple of the number of devices.
    """

    def __init__(self, devices: list[str], lanes: int):
        super().__init__(devices=devices)
        self.lanes = lanes

    def get_variable_layout(self, variable):
        # The state of a `CarriedLSTM`, (lanes, units), is all that is named like this. Any other
        # layout would be right too: XLA would only send the state around.
        if variable.path.endswith(("/h", "/c")) and variable.shape[0] == self.lanes:
            return keras.distribution.TensorLayout([self.batch_dim_name, None], self.device_mesh)
        return super().get_variable_layout(variable)

    def get_data_layout(self, data_shape):
        layout = super().get_data_layout(data_shape)
        if data_shape[0] % self.device_mesh.devices.size == 0:
            return layout
        # The held-out curve takes as many windows as there is time for: all of them everywhere.
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)


@contextmanager
def over_devices(device: Device, recipe: Recipe) -> Iterator[Device]:
    """Within it, what Keras builds is parted over all devices, as far as the lanes divide evenly.

    On TensorFlow, on torch and with one device nothing changes. The notebook's recipe stays on one
    device: its epochs end in a smaller batch of any size.

    Yields:
        the device that computes, under a name that says how many of them do.
    """
    there = keras.distribution.list_devices() if device.backend == "jax" else []
    if len(there) < 2 or not recipe.predicts_every_position:
        yield device
        return
    used = max(n for n in range(1, len(there) + 1) if recipe.lanes % n == 0)
    name = f"{used} x {device.name}"
    if used < len(there):
        name += f" (of {len(there)}: {recipe.lanes} lanes part evenly among {used})"
    before = keras.distribution.distribution()
    if used > 1:
        keras.distribution.set_distribution(LaneParallel(there[:used], recipe.lanes))
    try:
        yield replace(device, name=name)
    finally:
        keras.distribution.set_distribution(before)
