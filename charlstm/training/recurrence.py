"""The LSTM recurrence with its gradient written by hand: what makes training quick on a CPU.

Differentiated by a framework, an LSTM adds to the gradient of its weights at every character: as
many small products as there are characters. Here the changes of all characters are gathered and
multiplied at once. Arrays are laid out (features, time * lanes): the weights are the left side of
every product, the order in which processors with matrix units need not rearrange them.

Source of the formulas: Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; with forget
gate, Gers, Schmidhuber and Cummins 2000, "Learning to Forget".
"""

from __future__ import annotations

from keras import ops


@ops.custom_gradient
def recurrence(inputs, hidden, cell, kernel):
    """Run an LSTM layer over a window of characters.

    The dtype of `kernel` is that of all products; gates and cell state are float32.

    Args:
        inputs: (features, time * lanes), dtype of kernel: all lanes of the first character, then
            of the second, ...
        hidden, cell: state before the first character, (units, lanes), float32. No gradient flows
            into them: back-propagation is truncated there.
        kernel: (4 * units, features + units): what the gates i, f, g, o take from the inputs and
            from the hidden state.

    Returns:
        hidden states (units, time * lanes), dtype of kernel; the last hidden state and the last
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
        i, f, o = (ops.sigmoid(gates[place]) for place in (0, 1, 3))
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
