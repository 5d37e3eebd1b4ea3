"""What the log keeps: no secret, whatever it is called and wherever it stands."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from folkmoot.tools.mask import KEPT_TEXT, MASK, Masker

SECRET = "Zx9-kQ2mLp7"
HOUSE = "the-house-has-this-key"


@pytest.mark.parametrize(
    "name",
    ["token", "access_token", "password", "Passwd", "api_key", "apiKey", "X-Api-Key", "client_secret", "authorization",
     "Set-Cookie", "private_key", "credentials", "pin", "signature"],
)  # fmt: skip
def test_a_name_that_says_secret_hides_its_value(name: str) -> None:
    hidden: tuple[Any, ...] = (SECRET, {"deep": SECRET}, [SECRET], 12345678)
    for value in hidden:
        masked = Masker().parameters({"outer": {name: value}})
        assert masked == {"outer": {name: MASK}}


@pytest.mark.parametrize(
    "text",
    [
        f"curl -H 'Authorization: Bearer {SECRET}'",
        f"https://api.example/x?token={SECRET}&a=1",
        f"https://ida:{SECRET}@api.example/x",
        f"password: {SECRET}",
        "the key is sk-proj-abcdefghijklmnop1234567890",
        "ghp_abcdefghijklmnop1234567890abcdef",
        f"it is {HOUSE}, keep it",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----",
    ],
)
def test_what_looks_like_a_secret_is_hidden_in_texts(text: str) -> None:
    masked = json.dumps(Masker(known=[HOUSE]).value([text, {"note": text}]))
    for piece in (SECRET, "sk-proj-abc", "ghp_abc", HOUSE, "MIIEvQ"):
        assert piece not in masked


def test_whom_it_was_for_stays() -> None:
    plain: dict[str, Any] = {"to": "ida@brandt.example", "n": 3, "yes": True, "tokens": None, "note": "Oak Lane 3"}
    assert Masker().parameters(plain) == plain


def test_what_is_long_deep_or_wide_is_cut() -> None:
    deep: Any = "x"
    for _ in range(50):
        deep = {"a": deep}
    masked = Masker().parameters({"long": "x " * 5000, "deep": deep, "wide": list(range(5000))})
    assert len(str(masked["long"])) == KEPT_TEXT
    assert len(json.dumps(masked)) < 10_000


ANY_TEXT = some.text(some.characters())  # half surrogate pairs too


@given(some.recursive(some.floats() | ANY_TEXT, lambda inner: some.dictionaries(ANY_TEXT, inner)))
@settings(max_examples=60, deadline=None)
def test_anything_can_be_kept(value: Any) -> None:
    masked = Masker(known=[HOUSE]).value({"value": value, "secret": HOUSE, "note": HOUSE})
    text = json.dumps(masked, ensure_ascii=False, allow_nan=False)
    assert HOUSE not in text
    assert "\x00" not in text
    text.encode()
