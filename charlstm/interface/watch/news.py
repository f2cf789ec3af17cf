"""What "Watch it learn" is sent of a replay: made once for all who watch it, when it grows."""

from __future__ import annotations

from charlstm.errors import CharLSTMError
from charlstm.interface.feed import Parts
from charlstm.interface.models import SHIPPED, ModelRegistry
from charlstm.interface.watch.replay import Replay, replay_of_checkpoint, replay_of_run
from charlstm.runs.ownership import RunError

DAMAGED = "The notes of this training are damaged, or of another version: choose another one."


class ReplayNews:
    """The parts of a replay, see `Replay.parts`: a `Look` of a feed.

    Args:
        replay_id: the id of a model or a training.
    """

    def __init__(self, registry: ModelRegistry, replay_id: str):
        self.registry = registry
        self.replay_id = replay_id
        self._parts: Parts | None = None

    def __call__(self, watchers: int) -> Parts:
        """
        Raises:
            CharLSTMError: there is no such replay, or it is damaged.
        """
        self._parts = self._replay().parts(self._parts)
        return self._parts

    def _replay(self) -> Replay:
        if self.replay_id == SHIPPED or self.replay_id in [id_ for _, id_ in self.registry.given()]:
            return replay_of_checkpoint(self.registry.get(self.replay_id))
        run = self.registry.shown_training(self.replay_id)
        has_model = run.paths.checkpoint.exists()
        try:
            replay = replay_of_run(run, run.timeline())
            if replay.snapshots or replay.is_live or not has_model:
                return replay
        except RunError as error:
            if not has_model:
                raise CharLSTMError(DAMAGED) from error
        return replay_of_checkpoint(self.registry.get(self.replay_id))
