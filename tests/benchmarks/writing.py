"""How fast texts are written, beside other ways of writing with the same network.

python -m tests.benchmarks.writing [--company]

All write with the shipped model, in one run, on the same cores: the course notebook's loop
(`model.predict` on a padded window for each character), one step of a TensorFlow function with
carried state, `torch.nn.LSTM` step by step (if torch is installed), and the engine. Then how long
memory alone takes for one text, what the processor's products alone would allow for many, and what
16-bit integers cost in loss on the practice text. With --company, 1,000 texts are written alone and
again in company of 1 to 128, and compared.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from threadpoolctl import threadpool_limits

from charlstm.analysis.evaluation import surprisal_nats
from charlstm.home import shipped_folder
from charlstm.machine import available_cores
from charlstm.network.checkpoint import Checkpoint, load_checkpoint
from charlstm.network.compiling import compiled
from charlstm.network.integer_products import COLUMNS
from charlstm.network.kernel import _products
from charlstm.text.corpus import practice_text
from charlstm.writing.engine import Engine
from charlstm.writing.sampling import Sampling, draw, probabilities
from charlstm.writing.single_text import write

CROWDS = (1, 8, 32, 128)
MEASURE_S, LEAST_GOES = 3.0, 4
# That the engine writes in a go, in all: the best of many short goes would flatter a small crowd.
CHARACTERS = 25_600
SAMPLING = Sampling(temperature=0.8)
WINDOW = 100  # of the notebook


def best_speed(batch: int, steps: Callable[[], int]) -> float:
    """Characters a second in all: of the best of several goes, because the machine is shared."""
    steps()
    best, goes, until_s = 0.0, 0, time.perf_counter() + MEASURE_S
    while goes < LEAST_GOES or time.perf_counter() < until_s:
        began_s = time.perf_counter()
        done = steps()
        best = max(best, batch * done / (time.perf_counter() - began_s))
        goes += 1
    return best


def notebook_loop(checkpoint: Checkpoint) -> Callable[[], int]:
    import keras

    weights, sizes = checkpoint.weights, checkpoint.architecture
    layers = [keras.layers.Embedding(sizes.vocabulary_size, sizes.embedding_units)]
    for number, units in enumerate(sizes.lstm_units, 1):
        more = number < len(sizes.lstm_units)
        layers += [keras.layers.LSTM(units, return_sequences=more), keras.layers.Dropout(0.2)]
    layers.append(keras.layers.Dense(sizes.vocabulary_size, activation="softmax"))
    model = keras.Sequential([keras.Input((WINDOW,)), *layers])
    model.set_weights([np.float32(weights[name]) for name in sizes.weight_shapes()])
    rng = np.random.default_rng(1)
    ids = list(checkpoint.vocabulary.encode("ROMEO:"))

    def one() -> int:
        window = np.zeros((1, WINDOW), np.int64)
        window[0, : len(ids[-WINDOW:])] = ids[-WINDOW:]
        logits = np.log(model.predict(window, verbose=0)[0] + 1e-9)
        ids.append(int(draw(probabilities(logits, SAMPLING), rng.random())))
        return 1

    return one


def tensorflow_step(checkpoint: Checkpoint, batch: int) -> Callable[[], int]:
    import tensorflow as tf

    weights = {name: tf.constant(np.float32(array)) for name, array in checkpoint.weights.items()}
    sizes = checkpoint.architecture.lstm_units

    @tf.function(reduce_retracing=True)
    def step(ids, states):
        below, after = tf.gather(weights["embedding/embeddings"], ids), []
        for number, (hidden, cell) in enumerate(states, 1):
            name = f"lstm_{number}/lstm_cell/"
            gates = below @ weights[name + "kernel"] + hidden @ weights[name + "recurrent_kernel"]
            i, f, g, o = tf.split(gates + weights[name + "bias"], 4, -1)
            cell = tf.sigmoid(f) * cell + tf.sigmoid(i) * tf.tanh(g)
            below = tf.sigmoid(o) * tf.tanh(cell)
            after.append((below, cell))
        return below @ weights["output/kernel"] + weights["output/bias"], after

    rng = np.random.default_rng(1)
    ids = tf.zeros(batch, tf.int32)
    states = [(tf.zeros((batch, units)), tf.zeros((batch, units))) for units in sizes]

    def some() -> int:
        nonlocal ids, states
        for _ in range(20):
            logits, states = step(ids, states)
            drawn = draw(probabilities(logits.numpy(), SAMPLING), rng.random(batch))
            ids = tf.constant(drawn, tf.int32)
        return 20

    return some


def torch_step(checkpoint: Checkpoint, batch: int) -> Callable[[], int]:
    import torch

    weights = {name: torch.tensor(np.float32(w)) for name, w in checkpoint.weights.items()}
    sizes = checkpoint.architecture
    lstm = torch.nn.LSTM(sizes.embedding_units, sizes.lstm_units[0], len(sizes.lstm_units))
    with torch.no_grad():  # torch has the gates in the same order
        for number in range(len(sizes.lstm_units)):
            name = f"lstm_{number + 1}/lstm_cell/"
            getattr(lstm, f"weight_ih_l{number}").copy_(weights[name + "kernel"].T)
            getattr(lstm, f"weight_hh_l{number}").copy_(weights[name + "recurrent_kernel"].T)
            getattr(lstm, f"bias_ih_l{number}").copy_(weights[name + "bias"])
            getattr(lstm, f"bias_hh_l{number}").zero_()
    rng = np.random.default_rng(1)
    ids, state = torch.zeros(batch, dtype=torch.long), None

    def some() -> int:
        nonlocal ids, state
        with torch.inference_mode():
            for _ in range(20):
                output, state = lstm(weights["embedding/embeddings"][ids][None], state)
                logits = output[0] @ weights["output/kernel"] + weights["output/bias"]
                drawn = draw(probabilities(logits.numpy(), SAMPLING), rng.random(batch))
                ids = torch.from_numpy(drawn)
        return 20

    return some


def engine_texts(engine: Engine, checkpoint: Checkpoint, batch: int) -> Callable[[], int]:
    length = CHARACTERS // batch

    async def one(number: int) -> None:
        writing_request = {"length": length, "random_seed": number, "sampling": SAMPLING}
        async for _ in engine.write(checkpoint, "ROMEO:", **writing_request):
            pass

    async def together() -> None:
        await asyncio.gather(*(one(number) for number in range(batch)))

    def whole() -> int:
        asyncio.run(together())
        return length

    return whole


def memory_s(weight_bytes: int, threads: int) -> float:
    """Seconds in which a matrix-vector product reads as many bytes once."""
    side = int((weight_bytes / 4) ** 0.5)
    matrix, vector = np.ones((side, side), np.float32), np.ones(side, np.float32)
    best = float("inf")
    with threadpool_limits(limits=threads, user_api="blas"):
        for _ in range(300):
            began_s = time.perf_counter()
            matrix @ vector
            best = min(best, time.perf_counter() - began_s)
    return best


@compiled
def _products_alone(inputs, weights, pairs, tiles, sums):
    for _ in range(tiles):
        _products(inputs, 0, pairs, weights, 0, pairs, sums)


def product_limit(checkpoint: Checkpoint) -> float:
    """Characters a second if a step were its products alone, with all numbers in the fastest cache.

    On all cores. The weights of a single tile are used again and again.
    """
    cores, pairs, rows = available_cores(), 64, 8
    inputs = np.ones((rows, 2 * pairs), np.int16)
    weights = np.ones(2 * pairs * COLUMNS, np.int16)
    tiles = checkpoint.quantized.arrays[1].size // weights.size

    def one(_: int) -> None:
        _products_alone(inputs, weights, pairs, tiles, np.zeros((rows, COLUMNS), np.int32))

    with ThreadPoolExecutor(cores) as workers:
        return best_speed(rows * cores, lambda: len(list(workers.map(one, range(cores)))) // cores)


def losses(checkpoint: Checkpoint) -> tuple[float, float]:
    """Mean loss in nats on the practice text, in float32 and in 16-bit integers."""
    ids, _ = checkpoint.vocabulary.encode_known(practice_text().text[:50_000])
    exact, _ = checkpoint.network.read(ids[None], checkpoint.network.start())
    rounded, _ = checkpoint.quantized.read(ids, checkpoint.quantized.start())
    found = []
    for logits in (exact[0], rounded):
        found.append(float(surprisal_nats(logits[:-1].astype(np.float64), ids[1:]).mean()))
    return found[0], found[1]


def compare_company(checkpoint: Checkpoint, texts: int = 1000, length: int = 300) -> None:
    """Every text alone, then all of them in random company of 1 to 128."""
    rng = random.Random(1)
    writing_requests = [
        (rng.choice(("ROMEO:", "", "To be, or not to be", "x" * rng.randrange(50))), seed)
        for seed in range(texts)
    ]
    writing_request = {"length": length, "sampling": SAMPLING}
    alone = [
        "".join(write(checkpoint, text, random_seed=seed, **writing_request))
        for text, seed in writing_requests
    ]
    engine = Engine()

    async def one(number: int, places: asyncio.Semaphore) -> str:
        async with places:
            text, seed = writing_requests[number]
            pieces = engine.write(checkpoint, text, random_seed=seed, **writing_request)
            return "".join([piece async for piece in pieces])

    async def together() -> list[str]:
        found, order = [""] * texts, rng.sample(range(texts), texts)
        while order:
            size = rng.randrange(1, 129)
            places, numbers = asyncio.Semaphore(size), order[: 2 * size]
            order = order[2 * size :]
            for number, text in zip(
                numbers, await asyncio.gather(*(one(n, places) for n in numbers)), strict=True
            ):
                found[number] = text
        return found

    different = sum(a != b for a, b in zip(alone, asyncio.run(together()), strict=True))
    print(f"\n{texts:,} texts of {length} characters, alone and in company: {different} differ")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--company", action="store_true")
    arguments = parser.parse_args()
    checkpoint = load_checkpoint(shipped_folder() / "tiny-shakespeare.safetensors")
    engine = Engine()
    rows = {
        "TensorFlow, a step a call": lambda batch: tensorflow_step(checkpoint, batch),
        "this engine": lambda batch: engine_texts(engine, checkpoint, batch),
    }
    if importlib.util.find_spec("torch"):
        rows["torch.nn.LSTM, a step a call"] = lambda batch: torch_step(checkpoint, batch)
    else:
        print("torch is not installed: its row is missing.")
    notebook = best_speed(1, notebook_loop(checkpoint))
    print(f"{'characters/s, all texts together':34}" + "".join(f"{n:>18}" for n in CROWDS))
    print(f"{'the notebook, one text at a time':34}{notebook:10.1f} (   1 x)")
    for name, make in rows.items():
        speeds = [best_speed(batch, make(batch)) for batch in CROWDS]
        print(f"{name:34}" + "".join(f"{s:10,.0f} ({s / notebook:4,.0f} x)" for s in speeds))
    step_s = 1 / best_speed(1, engine_texts(engine, checkpoint, 1))
    weight_bytes = checkpoint.quantized.arrays[1].nbytes
    print(f"\none text: {1e3 * step_s:.3f} ms a character; a matrix-vector product that reads its")
    print(f"{weight_bytes / 1e6:.1f} MB of weights once takes", end="")
    for threads in (1, 2):
        limit_s = memory_s(weight_bytes, threads)
        print(f" {1e3 * limit_s:.3f} ms ({threads} thread: {step_s / limit_s:.2f})", end="")
    limit = product_limit(checkpoint)
    print(f"\nmany texts: the products alone would allow {limit:,.0f} characters/s", end="")
    exact, rounded = losses(checkpoint)
    print(f"\nloss on the practice text: float32 {exact:.6f}, 16-bit integers {rounded:.6f} nats")
    if arguments.company:
        compare_company(checkpoint)


if __name__ == "__main__":
    main()
