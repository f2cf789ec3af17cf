"""The LSTM recurrence with a hand-written gradient, which makes training fast on a CPU.

Automatic differentiation accumulates the gradient of the weights character by character, in as many
small matrix products as there are characters. Here the gradients of all gates are collected first,
and one large product gives the gradient of the weights. Arrays are laid out (features, time *
lanes), so that the weights are the left operand of every product: processors with matrix units then
need not repack them.

Sources: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; with forget gate, Gers,
Schmidhuber and Cummins 2000, "Learning to Forget".
"""

from __future__ import annotations

from keras import ops


@ops.custom_gradient
def recurrence(inputs, hidden, cell, kernel):
    """Run an LSTM layer over a window of characters.

    Matrix products are computed in the dtype of `kernel`, gates and cell state in float32.

    Args:
        inputs: (features, time * lanes), dtype of `kernel`: all lanes of the first character, then
            all lanes of the second, and so on.
        hidden, cell: state before the first character, (units, lanes), float32. They receive no
            gradient: this is truncated back-propagation through time.
        kernel: (4 * units, features + units): weights of the gates i, f, g, o for the inputs, then
            for the hidden state.

    Returns:
        Hidden states (units, time * lanes), dtype of `kernel`; the last hidden state and the last
        cell state, (units, lanes), float32, for the next window.
    """
    dtype = kernel.dtype
    features, lanes = inputs.shape[0], hidden.shape[1]
    steps = inputs.shape[1] // lanes
    last_hidden, last_cell = ops.cast(hidden, dtype), cell
    seen, kept = [], []
    for piece in ops.split(inputs, steps, axis=1):
        seen.append(ops.concatenate([piece, last_hidden], axis=0))
        gates = ops.split(ops.cast(ops.matmul(kernel, seen[-1]), "float32"), 4, axis=0)
        i, f, o = (ops.sigmoid(gates[index]) for index in (0, 1, 3))
        g = ops.tanh(gates[2])
        before, last_cell = last_cell, f * last_cell + i * g
        squashed = ops.tanh(last_cell)
        last_hidden = ops.cast(o * squashed, dtype)
        kept.append((i, f, g, o, before, squashed))
    hiddens = [piece[features:] for piece in seen[1:]] + [last_hidden]

    def gradient(*upstream_gradients, upstream=None):
        d_hiddens = (upstream_gradients if upstream is None else upstream)[0]
        d_hiddens = ops.split(d_hiddens, steps, axis=1)
        back = ops.transpose(kernel)
        d_seen, d_gates = [], []
        d_cell = ops.zeros_like(cell)
        d_next = ops.zeros_like(last_hidden)
        for step in reversed(range(steps)):
            i, f, g, o, before, squashed = kept[step]
            d_hidden = ops.cast(d_hiddens[step], "float32") + ops.cast(d_next, "float32")
            opened = d_hidden * o
            d_cell = d_cell + opened - opened * ops.square(squashed)
            d_i, d_f = d_cell * i, d_cell * f
            d_gate = [
                d_i * g * (1 - i),
                d_f * before * (1 - f),
                d_i * (1 - ops.square(g)),
                opened * squashed * (1 - o),
            ]
            d_gates.append(ops.cast(ops.concatenate(d_gate, axis=0), dtype))
            d_both = ops.matmul(back, d_gates[-1])
            d_seen.append(d_both[:features])
            d_next, d_cell = d_both[features:], d_f
        d_kernel = ops.matmul(
            ops.concatenate(d_gates[::-1], axis=1), ops.transpose(ops.concatenate(seen, axis=1))
        )
        d_inputs = ops.concatenate(d_seen[::-1], axis=1)
        return d_inputs, ops.zeros_like(hidden), ops.zeros_like(cell), d_kernel

    outputs = ops.concatenate(hiddens, axis=1)
    return (outputs, ops.cast(last_hidden, "float32"), last_cell), gradient
