"""Progress bars of the command line, on standard error."""

from __future__ import annotations

import sys

from tqdm import tqdm

from charlstm.runs import events


class ShareBar:
    """A bar from 0 to 100%; `show` moves it to a share, 0 to 1, with a note beside it."""

    def __init__(self, label: str):
        self.label = label
        self._bar: tqdm | None = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self._bar is not None:
            self._bar.close()

    def show(self, share: float, note: str = "") -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=100,
                desc=self.label,
                file=sys.stderr,
                bar_format="{desc}: {percentage:3.0f}%|{bar:24}| {postfix}",
            )
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(max(0.0, min(100.0, 100 * share) - self._bar.n))

    def write(self, line: str) -> None:
        tqdm.write(line, file=sys.stderr)


class DownloadBar(ShareBar):
    def __init__(self):
        super().__init__("Downloading the text")


class TrainingBar(ShareBar):
    """Shows the progress of a training; `follow` takes its events."""

    def __init__(self):
        super().__init__("Training")
        self._held_out = ""

    def follow(self, event: events.Event) -> None:
        match event:
            case events.Started():
                way = "" if event.way is None else f", {event.way}"
                self.write(
                    f"{event.parameters:,} parameters, {event.characters:,} characters, on "
                    f"{event.device} ({event.backend} {event.backend_version}{way})."
                )
            case events.Preparing():
                if event.task in events.PREPARATIONS:
                    self.write(f"{events.PREPARATIONS[event.task]} ...")
            case events.AskingTeachers():
                self.show(0.0, f"asking the teachers: {100 * event.share:.0f}%")
            case events.Validated():
                self._held_out = f", held out {event.val_loss_nats:.3f}"
            case events.Progress():
                minutes, seconds = divmod(round(event.eta_s), 60)
                note = (
                    f"loss {event.running_loss_nats:.3f}{self._held_out} nats, "
                    f"{event.characters_per_s:,} characters/s, {minutes}:{seconds:02d} left"
                )
                self.show(event.share, note)
            case events.Measuring():
                self.show(1.0, f"measuring on held-out text: {100 * event.share:.0f}%")
