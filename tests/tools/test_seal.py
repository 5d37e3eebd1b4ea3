"""Arguments that wait: sealed with the key of a home, or with that of a secret that several processes share."""

from pathlib import Path

import pytest

from folkmoot.tools.errors import SealBrokenError
from folkmoot.tools.seal import Seal

SECRET = "a-secret-that-only-these-two-know-of"


def test_what_one_process_sealed_another_with_the_same_secret_opens(tmp_path: Path) -> None:
    sealed = Seal(tmp_path / "one.key", secret=SECRET).close({"to": "una"})
    assert Seal(tmp_path / "other.key", secret=SECRET).open(sealed) == {"to": "una"}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(SealBrokenError, match="TOOL_CALLS_SECRET"):
        Seal(tmp_path / "other.key", secret=SECRET[::-1]).open(sealed)


def test_without_a_secret_the_key_is_the_homes(tmp_path: Path) -> None:
    sealed = Seal(tmp_path / "one.key").close({"to": "una"})
    assert Seal(tmp_path / "one.key").open(sealed) == {"to": "una"}
    with pytest.raises(SealBrokenError, match=r"that of other\.key"):
        Seal(tmp_path / "other.key").open(sealed)
