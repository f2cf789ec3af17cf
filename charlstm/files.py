"""Writing a file so that nobody ever reads half of it."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def replace_file(path: Path, content: bytes) -> None:
    """Put a file with this content at `path`, atomically, whether or not there is one already.

    Other processes see the old file or the new one, never a part, even if this process is killed or
    the power fails. The content is first written beside it, to `NAME.PROCESS-THREAD.part`; that
    file is removed if anything goes wrong, and remains only if the process is killed.

    Raises:
        OSError: it could not be written. The old file is as it was.
    """
    # Named after its writer: two that write the same file at once must not share it.
    writer = f"{os.getpid()}-{threading.get_ident()}"
    unfinished = path.with_name(f"{path.name}.{writer}.part")
    try:
        with open(unfinished, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # else the new name may reach the disk before the content
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
