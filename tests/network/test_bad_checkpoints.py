"""What is broken in a checkpoint file is refused in a sentence, or does no harm."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import tracemalloc
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from charlstm.command_line.commands import main
from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import MAX_FILE_BYTES, CheckpointError, load_checkpoint
from charlstm.network.training_record import TrainingRecord
from charlstm.writing.sampling import Sampling
from charlstm.writing.single_text import write
from tests.tiny_networks import ALPHABET, PARTS, random_checkpoint


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "model.safetensors"


def good_parts() -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """Tensors and metadata of a file that loads."""
    checkpoint = random_checkpoint(**PARTS)
    tensors = {name: array.astype(np.float16) for name, array in checkpoint.weights.items()}
    parts = {
        "vocabulary": ALPHABET,
        "architecture": {"vocabulary_size": 11, "embedding_units": 3, "lstm_units": [5, 7]},
        **PARTS,
    }
    return tensors, {"format": "charlstm/1", **{k: json.dumps(v) for k, v in parts.items()}}


def with_metadata(**changes) -> bytes:
    tensors, metadata = good_parts()
    metadata |= {k: v if isinstance(v, str) else json.dumps(v) for k, v in changes.items()}
    return save(tensors, metadata)


def with_tensors(**changes) -> bytes:
    """Names with __ for /; None takes a tensor away."""
    tensors, metadata = good_parts()
    tensors |= {name.replace("__", "/"): array for name, array in changes.items()}
    return save({k: v for k, v in tensors.items() if v is not None}, metadata)


def with_architecture(**changes) -> bytes:
    sizes = {"vocabulary_size": 11, "embedding_units": 3, "lstm_units": [5, 7]}
    return with_metadata(architecture=sizes | changes)


def with_header(header: bytes, claimed: int | None = None, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(header) if claimed is None else claimed) + header + data


def with_changed_header(before: bytes, after: bytes) -> bytes:
    """A file that says something else of its first tensor of a kind than is true."""
    header = GOOD[8:HEADER_BYTES]
    assert before in header
    return with_header(header.replace(before, after, 1), data=GOOD[HEADER_BYTES:])


def keras_file() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("config.json", '{"class_name": "Functional"}')
    return buffer.getvalue()


def with_value(value: float, dtype=np.float32) -> bytes:
    bias = np.zeros(11, dtype)
    bias[4] = value
    return with_tensors(output__bias=bias)


GOOD = save(*good_parts())
HEADER_BYTES = 8 + struct.unpack("<Q", GOOD[:8])[0]
LONG = "x" * 900_000
BAD_FILES = {
    "empty": b"",
    "a few bytes": b"abc",
    "eight bytes": struct.pack("<Q", 1),
    "a text": b"First Citizen:\nBefore we proceed any further, hear me speak.\n" * 20,
    "a text that looks like a header": b"\x05\0\0\0\0\0\0\0{hey}",
    "a keras file": keras_file(),
    "an h5 file": b"\x89HDF\r\n\x1a\n" + bytes(2000),
    "a pickle": pickle.dumps({"weights": [1, 2, 3]}),
    "zeros": bytes(5000),
    "cut in its size": GOOD[:7],
    "cut in its header": GOOD[:200],
    "cut after its header": GOOD[:HEADER_BYTES],
    "cut in its weights": GOOD[:-200],
    "cut by a byte": GOOD[:-1],
    "a byte too long": GOOD + b"\0",
    "a huge header claimed": with_header(b"{}", claimed=2**63),
    "a header of 100 MB claimed": with_header(b"{" + bytes(99), claimed=10**8),
    "a header of no JSON": with_header(b"{" + b"[" * 500_000),
    "a header of half a megabyte of dtype": with_header(
        json.dumps({"a": {"dtype": LONG, "shape": [1], "data_offsets": [0, 2]}}).encode()
    ),
    "tensors without end": with_header(
        json.dumps({"a": {"dtype": "F16", "shape": [2**40], "data_offsets": [0, 2**41]}}).encode()
    ),
    "a shape beyond all numbers": with_header(
        json.dumps({"a": {"dtype": "F16", "shape": [2**63, 4], "data_offsets": [0, 2]}}).encode()
    ),
    "negative offsets": with_header(
        json.dumps({"a": {"dtype": "F16", "shape": [1], "data_offsets": [-2, 0]}}).encode()
    ),
    "an empty header": with_header(b"{}"),
    "safetensors of another program": save({"a": np.zeros(3, np.float32)}, {"format": "pt"}),
    "safetensors without metadata": save({"a": np.zeros(3, np.float32)}),
    "a later format": with_metadata(format="charlstm/2"),
    "a format of half a megabyte": with_metadata(format=LONG),
    "weights of another shape": with_tensors(output__bias=np.zeros(12, np.float16)),
    "weights of another rank": with_tensors(output__bias=np.zeros((11, 1), np.float16)),
    "weights transposed": with_tensors(output__kernel=np.zeros((11, 7), np.float16)),
    "weights of a hundred thousand dimensions": with_changed_header(
        b'"shape":[11]', b'"shape":[11' + b",1" * 100_000 + b"]"
    ),
    "whole numbers for weights": with_tensors(output__bias=np.zeros(11, np.int64)),
    "float64 weights": with_tensors(output__bias=np.zeros(11, np.float64)),
    "bfloat16 weights": with_changed_header(b'"F16"', b'"BF16"'),
    "weights missing": with_tensors(output__bias=None),
    "no weights": save({}, good_parts()[1]),
    "weights too many": with_tensors(lstm_3__lstm_cell__bias=np.zeros(4, np.float16)),
    "weights with a long name": with_tensors(**{"a" * 100_000: np.zeros(1, np.float16)}),
    "NaN among the weights": with_value(np.nan),
    "infinity among the weights": with_value(-np.inf, np.float16),
    "a weight that overflows": with_value(3e38),
    "an architecture that is a list": with_metadata(architecture=[11, 3, 5, 7]),
    "an architecture that is no JSON": with_metadata(architecture="{"),
    "a million units": with_architecture(lstm_units=[1_000_000, 7]),
    "units beyond all numbers": with_architecture(lstm_units=[10**400]),
    "negative units": with_architecture(lstm_units=[-5, 7]),
    "no units": with_architecture(lstm_units=[0, 7]),
    "units that are true": with_architecture(lstm_units=[True, 7]),
    "units that are fractions": with_architecture(lstm_units=[5.0, 7]),
    "units that are words": with_architecture(lstm_units=["5", 7]),
    "units that are NaN": with_architecture(lstm_units=[float("nan"), 7]),
    "layers that are a number": with_architecture(lstm_units=5),
    "no layers": with_architecture(lstm_units=[]),
    "five layers": with_architecture(lstm_units=[5, 7, 5, 7, 5]),
    "a hundred thousand layers": with_architecture(lstm_units=[5] * 100_000),
    "a huge embedding": with_architecture(embedding_units=10**12),
    "no embedding": with_architecture(embedding_units=None),
    "a vocabulary size that does not fit": with_architecture(vocabulary_size=12),
    "a vocabulary too short": with_metadata(vocabulary=json.dumps(ALPHABET[:-1])),
    "a vocabulary out of order": with_metadata(vocabulary=json.dumps(ALPHABET[::-1])),
    "a vocabulary with a character twice": with_metadata(vocabulary=json.dumps("aabcdefghij")),
    "a vocabulary with half a character": with_metadata(vocabulary='"abcdefghij\\ud800"'),
    "a vocabulary that is a list": with_metadata(vocabulary=json.dumps(list(ALPHABET))),
    "a vocabulary too long": with_metadata(vocabulary=json.dumps(ALPHABET + LONG)),
    "a vocabulary of two thousand characters": with_metadata(
        vocabulary=json.dumps("".join(map(chr, range(200, 2200)))),
        architecture={"vocabulary_size": 2000, "embedding_units": 3, "lstm_units": [5, 7]},
    ),
    "training that is a text": with_metadata(training='"quick"'),
    "lists within lists": with_metadata(training='{"a":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "lists within lists, not quite as deep": with_metadata(
        training='{"a":' + "[" * 20 + "]" * 20 + "}"
    ),
    "half a character in the training": with_metadata(training='{"recipe": "\\udfff"}'),
    "half a character in a name": with_metadata(training='{"\\ud800": 1}'),
    "a history that is null": with_metadata(history="null"),
    "a number of a million digits": with_metadata(samples="[" + "1" * 900_000),
    "metadata above the limit": with_metadata(samples=json.dumps([LONG, LONG])),
}


def refusal(path: Path) -> str:
    """The sentence a file is refused with, which took little memory."""
    tracemalloc.start()
    try:
        with pytest.raises(CheckpointError) as refused:
            load_checkpoint(path)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()
    sentence = str(refused.value)
    assert path.name in sentence
    assert "\n" not in sentence
    assert len(sentence) < 500 + len(str(path))
    sentence.encode()
    return sentence


@pytest.mark.parametrize("data", BAD_FILES.values(), ids=BAD_FILES.keys())
def test_a_bad_file_is_refused_in_a_sentence(path, data):
    path.write_bytes(data)
    refusal(path)


def test_the_file_that_the_bad_ones_were_made_from_is_good(path):
    path.write_bytes(GOOD)
    assert load_checkpoint(path).training == TrainingRecord.from_json(PARTS["training"])
    path.write_bytes(with_value(65504.0))
    load_checkpoint(path)


@pytest.mark.parametrize(
    "name", [name for name in BAD_FILES if "units" in name or "layers" in name]
)
def test_sizes_without_sense_are_refused_before_the_weights_are_looked_at(path, name):
    path.write_bytes(BAD_FILES[name])
    assert "describes a network of sizes" in refusal(path)


def test_a_later_format_is_answered_with_what_to_do(path):
    path.write_bytes(BAD_FILES["a later format"])
    assert "'charlstm/2'" in refusal(path)
    assert "newer version" in refusal(path)


def test_what_is_no_file_is_refused(tmp_path):
    assert "no file" in refusal(tmp_path / "missing")
    assert "not a file" in refusal(tmp_path)
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    refusal(tmp_path / "circle")
    refusal(tmp_path / ("long" * 100))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_named_pipe_is_refused_without_waiting(path):
    os.mkfifo(path)
    assert "not a file" in refusal(path)


def test_a_file_beyond_the_limit_is_refused_unread(path):
    with open(path, "wb") as file:
        file.write(GOOD)
        file.truncate(MAX_FILE_BYTES + 1)
    assert "32 MB" in refusal(path)


def test_a_pickle_is_never_run(path, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "sprung"),)

    path.write_bytes(pickle.dumps(Trap()))
    refusal(path)
    assert not (tmp_path / "sprung").exists()


def use(path: Path) -> None:
    """Load a file and do with it what the product does."""
    checkpoint = load_checkpoint(path)
    "".join(write(checkpoint, "nest", length=3, sampling=Sampling(temperature=0), random_seed=1))
    tell(path)


def tell(path: Path) -> dict:
    """What `info` prints, as text and as JSON."""
    for more in ([], ["--json"]):
        output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with redirect_stdout(output), redirect_stderr(io.StringIO()) as notices:
            assert main(["info", str(path), *more]) == 0, notices.getvalue()
        output.flush()
    return json.loads(output.buffer.getvalue(), parse_constant=pytest.fail)


@settings(max_examples=300)
@given(data=st.data())
def test_a_damaged_header_is_refused_or_does_no_harm(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.safetensors"
    damaged = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, HEADER_BYTES - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(damaged[: data.draw(st.sampled_from([None, -1, 700, 30]))]))
    try:
        use(path)
    except CharLSTMError:
        pass


@given(st.binary(max_size=300), st.booleans())
def test_random_bytes_are_refused(tmp_path_factory, data, with_size):
    path = tmp_path_factory.getbasetemp() / "random.safetensors"
    path.write_bytes(with_header(b"{" + data) if with_size else data)
    with pytest.raises(CheckpointError):
        load_checkpoint(path)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
NAMES = st.sampled_from(["recipe", "corpus", "results", "started", "train_s", "carries_state"])


@given(
    st.dictionaries(NAMES, JSON),
    st.dictionaries(st.text(max_size=5), JSON),
    st.lists(JSON),
    st.lists(JSON),
)
def test_a_record_of_wrong_types_does_no_harm(tmp_path_factory, training, history, samples, cells):
    path = tmp_path_factory.getbasetemp() / "record.safetensors"
    path.write_bytes(
        with_metadata(training=training, history=history, samples=samples, cells=cells)
    )
    use(path)
    loaded = load_checkpoint(path)
    for points in loaded.history.values():
        for elapsed_s, value in points:
            assert np.isfinite([elapsed_s, value]).all()
    for sample in loaded.samples:
        assert isinstance(sample.text, str)
        assert np.isfinite([sample.step, sample.elapsed_s]).all()
    assert TrainingRecord.from_json(loaded.training.to_json()) == loaded.training


def test_numbers_without_end_are_dropped(path):
    path.write_bytes(
        with_metadata(
            training='{"train_s": NaN, "results": {"loss_nats": 1e999}, "steps": 1'
            + "0" * 400
            + "}",
            history='{"loss": [[1, NaN], [2, 1.5], [3, Infinity], [-Infinity, 1], [true, 1], [5]]}',
            samples='[{"step": 1, "elapsed_s": NaN, "text": "a"}, {"step": 2, "text": "b"}, '
            '{"step": 3, "elapsed_s": 1, "text": "c"}]',
        )
    )
    loaded = load_checkpoint(path)
    assert loaded.training == TrainingRecord()
    assert loaded.history == {"loss": [(2, 1.5)]}
    assert [sample.text for sample in loaded.samples] == ["c"]
    assert TrainingRecord.from_json(tell(path)["training"]) == loaded.training
