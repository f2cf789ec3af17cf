"""app.py, but it writes a character in a hundredth of a second: python -m tests.slow_page.

For what a visitor does while a text is written. Without it a quick machine would have written the
longest text before the visitor's next press, and a busy one perhaps not.
"""

import runpy
import time

from charlstm.writing.batch import Batch

CHARACTER_S = 0.01

advance = Batch.advance


def advance_slowly(batch: Batch, seconds: float, *others) -> None:
    advance(batch, 0.0, *others)  # one step
    time.sleep(CHARACTER_S)


if __name__ == "__main__":
    Batch.advance = advance_slowly
    runpy.run_path("app.py", run_name="__main__")
