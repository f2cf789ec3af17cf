"""How quickly the page is there, and how quickly it writes, seen from another process.

python -m tests.benchmarks.page
"""

import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from gradio_client import Client

from tests.page_server import running_page

STARTS = 3
TEXTS = 10


def main() -> None:
    starts, firsts, wholes, memory = [], [], [], []
    for _ in range(STARTS):
        with tempfile.TemporaryDirectory() as folder:
            with running_page(Path(folder)) as server:
                starts.append(server.start_s)
                client = Client(server.address, verbose=False)
                for random_seed in range(TEXTS):
                    began_s = time.perf_counter()
                    job = client.submit("ROMEO:", 0.8, 500, random_seed, api_name="/generate")
                    for text in job:
                        if len(text) > len("ROMEO:"):
                            break
                    firsts.append(time.perf_counter() - began_s)
                    job.result()
                    wholes.append(time.perf_counter() - began_s)
                memory.append(psutil.Process(server.process.pid).memory_info().rss / 1e6)
    rows = [
        ("start until the page answers", starts, "s"),
        ("first words of a text", firsts, "s"),
        ("500 characters", wholes, "s"),
        ("memory of the server", memory, "MB"),
    ]
    print(f"{'':32}{'median':>10}{'most':>10}")
    for name, values, unit in rows:
        print(f"{name:32}{median(values):10.2f}{max(values):10.2f} {unit}")


if __name__ == "__main__":
    main()
