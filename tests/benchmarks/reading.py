"""Measures how long it takes to read 5 MB, and how much memory, whatever the bytes are.

python -m tests.benchmarks.reading [KIND …]

Each kind is read in a process of its own: twice for the time, of which the shorter is printed, and
once more for the peak of what Python allocates (tracemalloc), without the bytes themselves. Pages
and documents are read in yet another process, whose memory is not counted.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
import tracemalloc

from charlstm.errors import CharLSTMError
from charlstm.text.corpus import MAX_BYTES, read_text

FRENCH = "Où êtes-vous allée, ma chère élève ? Le cœur a ses raisons, et ça suffit à Noël.\n"
POLISH = "Zażółć gęślą jaźń, a potem idź do domu, bo już późno i wszyscy na ciebie czekają.\n"
RUSSIAN = "Все люди рождаются свободными и равными в своем достоинстве и правах, и это хорошо.\n"
ARABIC = "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق، وقد وهبوا عقلاً وضميراً.\n"
THAI = "มนุษย์ทั้งหลายเกิดมามีอิสระและเสมอภาคกันในเกียรติศักดิ์และสิทธิ\n"
CHINESE = "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。\n"
JAPANESE = "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。\n"


def _repeated(data: bytes, begins: bytes = b"") -> bytes:
    return (begins + data * (MAX_BYTES // len(data) + 1))[:MAX_BYTES]


KINDS = {
    "random": lambda: random.Random(0).randbytes(MAX_BYTES),
    "odd letters": lambda: _repeated(b"caf\xe9 na\xefve r\xf4le, \x93ok\x94 "),
    "Polish, Windows-1250": lambda: _repeated(POLISH.encode("cp1250")),
    "Russian, UTF-8": lambda: _repeated(RUSSIAN.encode()),
    "Russian, KOI8": lambda: _repeated(RUSSIAN.encode("koi8_r")),
    "Arabic, Windows-1256": lambda: _repeated(ARABIC.encode("cp1256")),
    "Thai, Windows-874": lambda: _repeated(THAI.encode("cp874")),
    "Chinese, GB 18030": lambda: _repeated(CHINESE.encode("gb18030")),
    "Japanese, Shift JIS": lambda: _repeated(JAPANESE.encode("cp932")),
    "UTF-8 and Windows-1252": lambda: _repeated(FRENCH.encode() + FRENCH.encode("cp1252")),
    "UTF-8 read as Latin-1": lambda: _repeated(FRENCH.encode().decode("latin-1").encode()),
    "the same twice": lambda: _repeated(
        FRENCH.encode().decode("latin-1").encode().decode("latin-1").encode()
    ),
    "Windows-1251 read as 1252": lambda: _repeated(
        RUSSIAN.encode("cp1251").decode("cp1252").encode()
    ),
    "emoji in halves": lambda: _repeated(b"\xed\xa0\xbd\xed\xb8\x80 ok "),
    "decomposed accents": lambda: _repeated("e\u0301 ".encode()),
    "nothing but marks": lambda: _repeated("\u0301".encode()),
    "invisible signs": lambda: _repeated("a\u200d".encode()),
    "Windows line ends": lambda: _repeated(b"a\r\n"),
    "colours of a terminal": lambda: _repeated(b"\x1b[31mred\x1b[0m "),
    "references (&#39;)": lambda: _repeated(b"it&#39;s &quot;so&quot; "),
    "54,000 kinds of characters": lambda: _repeated(
        "".join(map(chr, range(0x100, 0xD500))).encode()
    ),
    "numbers of JSON": lambda: _repeated(b"\\u0439", b'["'),
    "a chat": lambda: _repeated(
        b"[12.03.24, 10:15:32] Ann: Are you there?\n[12.03.24, 10:16:10] Bob: Yes\n"
    ),
    "subtitles": lambda: _repeated(b"1\n00:00:01,000 --> 00:00:02,000\nwords of a line\n\n"),
    "a web page": lambda: _repeated(
        b"<p>Words of a page, and <i>more</i> of them.</p>\n", b"<!doctype html><html><body>"
    ),
    "paragraphs of one letter": lambda: _repeated(b"<p>a</p>\n", b"<!doctype html><html><body>"),
    "a page of links": lambda: _repeated(
        b"<p class=a><a href='page.html?a=b&amp;c'>word</a> <img src=x.png> <!-- x --></p>\n",
        b"<!doctype html><html><body>",
    ),
    "a page of programs": lambda: _repeated(
        b"<p>Like this:</p>\n<pre>\nfor (i = 0; i &lt; 9; i++)\n    f(i);\n</pre>\n",
        b"<!doctype html><html><body>",
    ),
    "XML": lambda: _repeated(b"<s><w>One</w> <w>word</w></s>\n", b"<?xml version='1.0'?><t>"),
    "TEI with notes": lambda: _repeated(
        b"<p>Some words of a <hi>book</hi><note>A note</note> and <choice><sic>teh</sic><corr>the"
        b"</corr></choice> end.</p>\n",
        b"<?xml version='1.0'?><TEI><text><body>",
    ),
    "a feed": lambda: _repeated(
        b"<item><title>A title</title><link>http://a.b/</link><pubDate>Mon</pubDate><description>"
        b"&lt;p&gt;Words of it, and &lt;b&gt;more&lt;/b&gt; of them.&lt;/p&gt;</description>"
        b"</item>\n",
        b"<?xml version='1.0'?><rss><channel>",
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="all, if none is given")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(_measured(KINDS[arguments.one]())))
        return
    print(f"{'5 MB of':<28}{'seconds':>8}{'MB':>6}")
    for kind in arguments.kinds or KINDS:
        command = [sys.executable, "-m", "tests.benchmarks.reading", "--one", kind]
        seconds, peak = json.loads(subprocess.check_output(command))
        print(f"{kind:<28}{seconds:8.2f}{peak / 1e6:6.0f}", flush=True)


def _measured(data: bytes) -> tuple[float, int]:
    """Seconds, and the peak in bytes."""
    _read(b"What is loaded on first use.\n" * 300)
    times = []
    for _ in range(2):
        begun = time.perf_counter()
        _read(data)
        times.append(time.perf_counter() - begun)
    tracemalloc.start()
    _read(data)
    return min(times), tracemalloc.get_traced_memory()[1]


def _read(data: bytes) -> None:
    try:
        read_text(data, "text.txt")
    except CharLSTMError:  # no text, which takes time as well
        pass


if __name__ == "__main__":
    main()
