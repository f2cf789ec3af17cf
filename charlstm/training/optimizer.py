"""AdamW with TensorFlow's own operation for a step of Adam: one pass through memory, not a dozen.

Source: decoupled weight decay (AdamW), Loshchilov and Hutter 2019, arXiv:1711.05101.
"""

from __future__ import annotations

import keras
import tensorflow as tf


class FusedAdamW(keras.optimizers.Adam):
    """Computes what `keras.optimizers.AdamW` computes.

    Args:
        decay: share of the learning rate by which each weight shrinks at each step.
    """

    def __init__(self, *, decay: float, **settings):
        super().__init__(name="adamw", **settings)
        self.decay = decay

    def update_step(self, gradient, variable, learning_rate):
        step = tf.cast(self.iterations.value + 1, tf.float32)
        rate = tf.cast(learning_rate, tf.float32)
        index = self._get_variable_index(variable)
        if self.decay:
            variable.assign(variable * (1 - self.decay * rate))
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,  # a TensorFlow variable
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=self.beta_1**step,
            beta2_power=self.beta_2**step,
            lr=rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
