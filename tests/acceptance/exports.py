"""Exports of any length, made for a test."""

from pathlib import Path

PERSON, OTHER = "Ada Moss", "Bo Lund"
_WORDS = ("ledger", "refund", "webhook", "retry", "invoice", "checkout", "bank", "queue", "index", "backup", "release")


def whatsapp(path: Path, lines: int) -> Path:
    """A chat of `lines` messages, every second one by `PERSON`; no two alike."""
    with path.open("w", encoding="utf-8") as file:
        for number in range(lines):
            minute = number % 60
            hour = number // 60 % 24
            day = number // 1440 % 28 + 1
            month = number // (1440 * 28) % 12 + 1
            who = PERSON if number % 2 else OTHER
            word, other = _WORDS[number % len(_WORDS)], _WORDS[number * 7 % len(_WORDS)]
            file.write(
                f"{day:02d}/{month:02d}/2025, {hour:02d}:{minute:02d} - {who}: "
                f"note {number}, the {word} waits for the {other}\n"
            )
    return path


FORM = {"author": PERSON, "timezone": "UTC", "platform": "whatsapp", "date_order": "dmy"}
CONSENT = {"person": PERSON, "email": "ada@example.com", "platform": "whatsapp", "purposes": ["import", "profile"]}
