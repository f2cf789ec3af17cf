"""Run the tests in an environment of their own: python3 -m tests [--no-lock] [pytest's options]."""

import os
import sys

from charlstm import bootstrap

# Each file's tests in one process, which share what is costly to make: a page, a training. One
# more than an ordinary machine's two cores, because the tests of the page wait for a third of
# their time.
IN_THREE_PROCESSES = ["-n", "3", "--dist", "loadfile", "--no-loadscope-reorder"]


def main() -> None:
    bootstrap.check_python()
    os.chdir(bootstrap.ROOT)
    python = bootstrap.make_environment(
        [bootstrap.REQUIREMENTS, bootstrap.ROOT / "requirements-dev.txt"],
        lock=bootstrap.lock_to_use(sys.argv),
    )
    bootstrap.ensure_chromium()
    options = [argument for argument in sys.argv[1:] if argument != "--no-lock"]
    bootstrap.become(python, ["-m", "pytest", *IN_THREE_PROCESSES, *options])


if __name__ == "__main__":
    main()
