"""Checks in the background how much of a written text was copied from the training text."""

from __future__ import annotations

from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from charlstm.analysis.copying import TrainingText, describe_copy
from charlstm.analysis.training_text import OWN_TEXT, part_learned_from, text_at_hand
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import TrainingRecord

MAX_PREPARED = 3  # training texts kept in memory; 40 MB each at most


class Copies:
    """Finds copied passages, in a single background thread.

    One thread is enough even if many texts end at the same time; the other cores are for the engine
    and the texts that are still being written.
    """

    def __init__(self):
        self._looking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="copies")
        self._prepared: OrderedDict[tuple, TrainingText] = OrderedDict()  # used by that thread only

    def look(self, checkpoint: Checkpoint, folder: Path, written: str) -> Future[str]:
        """A sentence about the longest copied passage; empty without the training text.

        Cancelling the future removes the text from the queue.

        Args:
            folder: the model's folder, which may contain its training text.
            written: what the network wrote, without the seed text.
        """
        return self._looking.submit(self._describe, checkpoint, folder, written)

    def _describe(self, checkpoint: Checkpoint, folder: Path, written: str) -> str:
        training = checkpoint.training
        learned = self._learned(training, folder)
        if learned is None:
            return ""
        return describe_copy(learned.longest_copy(written), fine_tuned=training.source is not None)

    def _learned(self, training: TrainingRecord, folder: Path) -> TrainingText | None:
        # A text that lies beside a model is for whoever may use that model: a record can be copied.
        beside = folder if (folder / OWN_TEXT).exists() else None
        key = (beside, training.text, training.carries_state)
        if key not in self._prepared:
            text = text_at_hand(training, folder)
            if text is None:
                return None  # it may be downloaded later
            self._prepared[key] = TrainingText(part_learned_from(text, training))
            if len(self._prepared) > MAX_PREPARED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]
