"""How much of a text was copied: looked up beside the page, one text at a time."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from charlstm.analysis.copying import TrainingText, describe_copy
from charlstm.analysis.training_text import part_learned_from, text_at_hand
from charlstm.network.checkpoint import Checkpoint
from charlstm.network.training_record import TrainingRecord

MAX_PREPARED = 3  # training texts kept in memory; 40 MB each at most


class Copies:
    """Finds what was copied in the texts that were written.

    One thread does it, however many texts end at the same time: the engine needs the other cores
    for the texts that are still being written.
    """

    def __init__(self):
        self._looking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="copies")
        self._prepared: OrderedDict[tuple, TrainingText] = OrderedDict()  # the thread's own

    def look(self, checkpoint: Checkpoint, folder: Path, written: str) -> asyncio.Future[str]:
        """A sentence about the longest copied passage; empty if the training text is not here.

        Cancelling the future takes the text out of the queue.

        Args:
            folder: the model's; its training text may be there.
            written: what the network wrote, without what it went on from.
        """
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._looking, self._tell, checkpoint, folder, written)

    def _tell(self, checkpoint: Checkpoint, folder: Path, written: str) -> str:
        training = checkpoint.training
        learned = self._learned(training, folder)
        if learned is None:
            return ""
        return describe_copy(learned.longest_copy(written), fine_tuned=training.source is not None)

    def _learned(self, training: TrainingRecord, folder: Path) -> TrainingText | None:
        key = (training.text, training.carries_state)
        if key not in self._prepared:
            text = text_at_hand(training, folder)
            if text is None:
                return None  # it may be downloaded later
            self._prepared[key] = TrainingText(part_learned_from(text, training))
            if len(self._prepared) > MAX_PREPARED:
                self._prepared.popitem(last=False)
        self._prepared.move_to_end(key)
        return self._prepared[key]
