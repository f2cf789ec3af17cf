"""Learning from teachers: which models may teach, and what a run folder records of them."""

from __future__ import annotations

import pytest

from charlstm.command_line.arguments import build_parser
from charlstm.command_line.preparation import prepare_run
from charlstm.errors import CharLSTMError
from charlstm.network.checkpoint import save_checkpoint
from charlstm.network.training_record import parse_teachers
from charlstm.runs.distillation import MAX_TEACHERS, distillation_notice, teacher_records
from charlstm.runs.recipes import FULL, NOTEBOOK
from charlstm.runs.run import Run
from charlstm.runs.source_model import SourceModel
from charlstm.text.vocabulary import Vocabulary
from tests.runs.test_fine_tuning import record_of
from tests.tiny_networks import random_checkpoint


@pytest.fixture
def teacher(tmp_path, tiny_corpus):
    """Makes a teacher's file for the tiny text, as it would be after a training on it."""

    def teacher(number: int = 1, **changes):
        path = tmp_path / f"teacher-{number}.safetensors"
        characters = Vocabulary.from_text(tiny_corpus.text).characters
        training = record_of(tiny_corpus) | changes
        save_checkpoint(random_checkpoint(characters, number, training=training), path)
        return path

    return teacher


# Who may be a teacher


def test_models_of_the_same_text_may_teach(teacher, tiny_corpus):
    teachers = teacher_records(
        [SourceModel.read(teacher(1)), SourceModel.read(teacher(2))], tiny_corpus
    )
    names = [each.name for each in teachers]
    assert names == ["teacher-1.safetensors", "teacher-2.safetensors"]
    assert "2 trained models expect" in distillation_notice(teachers)
    assert "a trained model expects" in distillation_notice(teachers[:1])


@pytest.mark.parametrize(
    "changes",
    [
        {"corpus": {"name": "other", "sha256": "0" * 64, "style": "verse"}},
        {"carries_state": False},
        {"started_from": {"held_out": "unknown"}},
    ],
    ids=["another text", "a split that leaks", "of unknown origin"],
)
def test_a_model_that_may_have_seen_the_held_out_part_is_no_teacher(teacher, tiny_corpus, changes):
    with pytest.raises(CharLSTMError, match="did not learn from the first nine tenths"):
        teacher_records([SourceModel.read(teacher(**changes))], tiny_corpus)


def test_there_may_not_be_any_number_of_teachers(teacher, tiny_corpus):
    many = [SourceModel.read(teacher())] * (MAX_TEACHERS + 1)
    assert len(teacher_records(many[1:], tiny_corpus)) == MAX_TEACHERS
    with pytest.raises(CharLSTMError, match=f"There were 17 teachers; give at most {MAX_TEACHERS}"):
        teacher_records(many, tiny_corpus)


@pytest.mark.parametrize("damage", [[], None, {}, [None], [{"name": "a"}], [{"name": 1}]])
def test_damaged_records_are_no_teachers(damage):
    assert parse_teachers(damage) == ()


# The run folder


@pytest.fixture
def prepare(tmp_path, tiny_corpus):
    text = tmp_path / "text.txt"
    text.write_bytes(tiny_corpus.text.encode())

    def prepare(*arguments):
        command = ["train", "--text", text, "--run", tmp_path / "run", *arguments]
        return prepare_run(build_parser().parse_args(list(map(str, command))))

    return prepare


@pytest.fixture
def teacher_of_file(tmp_path, prepare, teacher):
    """A teacher of the text as it is read from a file: it has the file's name."""
    corpus = prepare("--run", tmp_path / "probe").config.corpus
    return teacher(corpus={"name": corpus.name, "sha256": corpus.sha256, "style": corpus.style})


def test_a_run_folder_keeps_its_teachers(prepare, teacher_of_file):
    run = prepare("--teachers", teacher_of_file, teacher_of_file, "--recipe", "full")
    assert run.config.recipe is FULL
    assert len(run.teacher_checkpoints()) == 2
    assert run.paths.teacher(2).read_bytes() == teacher_of_file.read_bytes()
    assert any("knowledge distillation" in notice for notice in run.config.notices)
    run.paths.teacher(2).write_bytes(b"another")
    with pytest.raises(CharLSTMError, match="teacher-2.safetensors was changed"):
        Run(run.folder).teacher_checkpoints()


def test_who_cannot_be_taught_hears_why_and_nothing_is_made(prepare, teacher_of_file, tmp_path):
    with pytest.raises(CharLSTMError, match="recipe notebook .* cannot have teachers"):
        prepare("--teachers", teacher_of_file, "--recipe", NOTEBOOK.name)
    with pytest.raises(CharLSTMError, match="give --from or --teachers"):
        prepare("--teachers", teacher_of_file, "--from", teacher_of_file)
    with pytest.raises(CharLSTMError, match="There is no file"):
        prepare("--teachers", tmp_path / "nobody")
    assert not (tmp_path / "run").exists()
