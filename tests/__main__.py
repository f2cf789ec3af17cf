"""Run the tests in an environment of their own: python3 -m tests [arguments of pytest]."""

import os
import sys

from charlstm import bootstrap


def main() -> None:
    bootstrap.check_python()
    os.chdir(bootstrap.ROOT)
    python = bootstrap.make_environment(
        [bootstrap.REQUIREMENTS, bootstrap.ROOT / "requirements-dev.txt"]
    )
    bootstrap.ensure_chromium()
    bootstrap.become(python, ["-m", "pytest", *sys.argv[1:]])


if __name__ == "__main__":
    main()
