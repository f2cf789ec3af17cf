"""What surrounds the LSTM layers in training on a CPU, compiled: letters in, probabilities out.

The functions of `lane_pass.LanePass`. Arrays come in two layouts: (features, time * lanes), as
`training_layer` describes it, and panels, (time, panels, rows, COLUMNS), as products take them.
"""

from __future__ import annotations

import numpy as np

from charlstm.network.compiling import compiled
from charlstm.network.float_products import COLUMNS

LOWEST = np.float32(-40)  # exp(-40) is too small to be noticed in a sum that has a 1 in it
_PART = np.float32(1 / 32)


@compiled
def embed(embedding, ids, mask, inputs):
    """Fills in `inputs`: the embedding of each character, times the mask, and a last row of ones.

    Args:
        embedding: (vocab, features).
        ids: int32, (time, lanes).
        mask: (features, lanes).
        inputs: (features + 1, time * lanes).
    """
    time, lanes = ids.shape
    features = embedding.shape[1]
    for row in range(features):
        for step in range(time):
            for lane in range(lanes):
                inputs[row, step * lanes + lane] = embedding[ids[step, lane], row] * mask[row, lane]
    for place in range(time * lanes):
        inputs[features, place] = np.float32(1)


@compiled
def embedding_gradient(d_inputs, ids, mask, d_embedding):
    """Adds to `d_embedding`, (vocab, features), the gradient of what `embed` computed."""
    time, lanes = ids.shape
    for row in range(d_embedding.shape[1]):
        for step in range(time):
            for lane in range(lanes):
                d_embedding[ids[step, lane], row] += (
                    d_inputs[row, step * lanes + lane] * mask[row, lane]
                )


@compiled
def drop(values, mask, results):
    """Fills in `results`: the values, (features, time * lanes), times the mask, (features, lanes).

    If `results` has a row more, it is filled with ones.
    """
    features, lanes = mask.shape
    for row in range(features):
        for step in range(values.shape[1] // lanes):
            for lane in range(lanes):
                place = step * lanes + lane
                results[row, place] = values[row, place] * mask[row, lane]
    for row in range(features, results.shape[0]):
        for place in range(results.shape[1]):
            results[row, place] = np.float32(1)


@compiled
def to_panels(values, mask, panels):
    """As `drop`, but fills in `panels`, where there are lanes and features."""
    features, lanes = mask.shape
    for step in range(panels.shape[0]):
        for panel in range(panels.shape[1]):
            first = panel * COLUMNS
            count = min(COLUMNS, lanes - first)
            begin = step * lanes + first
            for row in range(features):
                for lane in range(count):
                    value = values[row, begin + lane] * mask[row, first + lane]
                    panels[step, panel, row, lane] = value
            for lane in range(count):
                panels[step, panel, features, lane] = np.float32(1)


@compiled
def from_panels(panels, mask, values):
    """Fills in `values`, (features, time * lanes), with the first rows of panels times the mask."""
    features, lanes = mask.shape
    for step in range(panels.shape[0]):
        for panel in range(panels.shape[1]):
            first = panel * COLUMNS
            begin = step * lanes + first
            for row in range(features):
                for lane in range(min(COLUMNS, lanes - first)):
                    value = panels[step, panel, row, lane] * mask[row, first + lane]
                    values[row, begin + lane] = value


@compiled
def _exp(x):
    """exp(x) of a float32 that is not above 0.

    A power series for a 32nd of x, and five squares: a compiler makes vectors of it. The error is
    below a hundred-thousandth of it down to x = -10, and grows to a tenth at LOWEST, below which it
    stays as it is: there it is too small to matter in a sum that has a 1 in it.
    """
    x = max(x, LOWEST) * _PART
    y = np.float32(1 / 720)
    y = y * x + np.float32(1 / 120)
    y = y * x + np.float32(1 / 24)
    y = y * x + np.float32(1 / 6)
    y = y * x + np.float32(1 / 2)
    y = y * x + np.float32(1)
    y = y * x + np.float32(1)
    y = y * y
    y = y * y
    y = y * y
    y = y * y
    return y * y


@compiled
def losses_and_gradient(logits, targets, soft_targets, soft_share, scale, losses, is_right):
    """Fills in `losses` and `is_right`, and makes of the logits their gradient.

    Args:
        logits: panels, (time, panels, at least vocab, COLUMNS); further rows become 0.
        targets: int32, (time, lanes).
        soft_targets: (time, lanes, vocab), or (0, 0, vocab) for none.
        soft_share: the weight of their loss.
        scale: of the gradient.
        losses: (time, lanes): the negative log-likelihood of each target, in nats.
        is_right: (time, lanes): 1 where the target is the likeliest character, else 0.
    """
    time, lanes = targets.shape
    vocab = soft_targets.shape[2]
    has_soft = len(soft_targets) > 0
    highest, total = np.empty(COLUMNS, np.float32), np.empty(COLUMNS, np.float32)
    for step in range(time):
        for panel in range(logits.shape[1]):
            first = panel * COLUMNS
            count = min(COLUMNS, lanes - first)
            values = logits[step, panel]
            for lane in range(COLUMNS):
                highest[lane] = values[0, lane]
                total[lane] = np.float32(0)
            for row in range(1, vocab):
                for lane in range(COLUMNS):
                    highest[lane] = max(highest[lane], values[row, lane])
            for lane in range(count):
                target = values[targets[step, first + lane], lane]
                is_right[step, first + lane] = np.float32(target >= highest[lane])
                losses[step, first + lane] = highest[lane] - target
            for row in range(vocab):
                for lane in range(COLUMNS):
                    value = _exp(values[row, lane] - highest[lane])
                    values[row, lane] = value
                    total[lane] += value
            for lane in range(count):
                losses[step, first + lane] += np.log(total[lane])
            for lane in range(COLUMNS):
                total[lane] = scale / total[lane]
            for row in range(vocab):
                for lane in range(COLUMNS):
                    values[row, lane] *= total[lane]
            for lane in range(count):
                values[targets[step, first + lane], lane] -= scale * (np.float32(1) - soft_share)
            if has_soft:
                for lane in range(count):
                    for row in range(vocab):
                        soft = soft_targets[step, first + lane, row]
                        values[row, lane] -= scale * soft_share * soft
            for row in range(values.shape[0]):
                for lane in range(count if row < vocab else 0, COLUMNS):
                    values[row, lane] = np.float32(0)


@compiled
def sum_of_squares(values):
    """The sum of the squares of the values, (size,)."""
    sums = np.zeros(16, np.float32)  # side by side, so that a compiler makes vectors of them
    whole = np.float64(0)
    for begin in range(0, len(values), 4096):
        end = min(begin + 4096, len(values))
        for place in range(16):
            sums[place] = np.float32(0)
        for first in range(begin, end - 15, 16):
            for place in range(16):
                sums[place] += values[first + place] * values[first + place]
        for place in range(end - (end - begin) % 16, end):
            sums[0] += values[place] * values[place]
        for place in range(16):
            whole += sums[place]
    return whole


@compiled
def adamw(weights, gradient, mean, variance, factor, rate, keep, betas, epsilon):
    """A step of AdamW, in place. All arrays (size,).

    Args:
        mean, variance: the moving means of the gradient and of its squares.
        factor: what the gradient is multiplied with, to clip its norm.
        rate: the learning rate, corrected for how few steps the moving means have seen.
        keep: what the weights are multiplied with: 1 minus decay times learning rate.
        betas: what is kept of both means at each step.
    """
    one = np.float32(1)
    beta_1, beta_2 = betas
    for place in range(len(weights)):
        value = factor * gradient[place]
        mean[place] = beta_1 * mean[place] + (one - beta_1) * value
        variance[place] = beta_2 * variance[place] + (one - beta_2) * value * value
        weights[place] = keep * weights[place] - rate * mean[place] / (
            np.sqrt(variance[place]) + epsilon
        )
