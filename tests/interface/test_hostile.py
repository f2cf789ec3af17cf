"""The short form of `python -m tests.hostile`: some hundred hostile calls to a public page."""

import psutil
import requests

from tests.hostile import MAX_BYTES, PUBLIC, attack
from tests.page_server import running_page
from tests.waiting import PATIENCE_S


def test_strangers_get_no_raw_error_no_file_and_not_the_machine(tmp_path):
    with running_page(tmp_path, environment=PUBLIC) as server:
        findings = attack(server.address, 400)
        assert findings.raw == [] and findings.leaks == [] and findings.fetched == []
        assert sum(findings.statuses.values()) >= 400
        assert psutil.Process(server.process.pid).memory_info().rss < MAX_BYTES
        text = requests.get(
            f"{server.address}/write", params={"seed_text": "ROMEO:"}, timeout=PATIENCE_S
        ).text
        assert text.startswith("ROMEO:") and len(text) == 506
        assert list(tmp_path.glob("runs/*/config.json")) == []
