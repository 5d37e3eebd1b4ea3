"""Imported messages a second: an export parsed, pseudonymised and redacted, beside the least that reading it can cost.

The raw limit is a loop over the same file's lines that matches one regular expression to each, in the same run.
Storing is not measured here.
"""

import json
import random
import re
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from folkmoot.security.redaction import Redactor
from folkmoot.twins.importers import Pseudonyms, ReadOptions, open_export

MESSAGES = 20_000
_HEAD = re.compile(r"(\d+)/(\d+)/(\d+), (\d+):(\d+) - ([^:]+): (.*)")
_PEOPLE = ("Alice Jones", "John Smith", "Bob 🎉", "Zoë Müller")
_SAID = (
    "the deploy script payment api review order meeting tomorrow please check this one 👍 ok über at 12:30 in 2024 "
    "call +49 171 2345678 or mail a@b.example version 1.2.3"
)
_WORDS = tuple(_SAID.split(" "))


def write_chat(path: Path, messages: int, *, seed: int = 7) -> None:
    """An invented chat in the British Android form, one message in twenty with a second line."""
    chance = random.Random(seed)
    moment = datetime(2020, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as stream:
        for number in range(messages):
            moment += timedelta(minutes=chance.randint(0, 20))
            said = " ".join(chance.choices(_WORDS, k=chance.randint(1, 20)))
            more = "\nand a second line" if number % 20 == 0 else ""
            stream.write(f"{moment:%d/%m/%Y, %H:%M} - {chance.choice(_PEOPLE)}: {said}{more}\n")


def run(messages: int = MESSAGES) -> dict[str, float]:
    """Messages a second, in all and by part, and the share of the raw limit that is reached."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "chat.txt"
        write_chat(path, messages)
        start = time.perf_counter()
        with path.open(encoding="utf-8") as lines:
            matched = sum(1 for line in lines if _HEAD.match(line))
        raw = time.perf_counter() - start
        assert matched == messages
        export = open_export(path, options=ReadOptions(timezone="Europe/London"))
        hidden, redactor = Pseudonyms(own=_PEOPLE[:1], others=_PEOPLE[1:], key=b"benchmark"), Redactor()
        start = time.perf_counter()
        count = sum(1 for _ in export.records())
        parsing = time.perf_counter() - start
        assert count == messages
        start = time.perf_counter()
        for record in export.records():
            hidden.of(record.author or "")
            redactor.redact(hidden.hide(record.text))
        whole = time.perf_counter() - start
    return {
        "messages": messages,
        "raw_lines_per_s": messages / raw,
        "parse_per_s": messages / parsing,
        "import_per_s": messages / whole,
        "parse_share_of_raw": raw / parsing,
        "import_share_of_raw": raw / whole,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
