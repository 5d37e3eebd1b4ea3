"""A signed token opens what it was made for, until its time is over, and nothing else; what is refused says why."""

import base64
import json
from datetime import timedelta
from pathlib import Path

import jwt
import pytest

from folkmoot.kernel import SimulatedClock
from folkmoot.security import NotSignedInError
from folkmoot.security.signing import Signer, kept_secret
from tests.security.conftest import SECRET

HOUR = timedelta(hours=1)


def claims(clock: SimulatedClock, **changes: object) -> dict[str, object]:
    now = int(clock.now().timestamp())
    usual = {"iss": "folkmoot", "aud": "access", "sub": "user_1", "iat": now, "exp": now + 60, "jti": "1"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


def unsigned(body: dict[str, object], algorithm: str) -> str:
    parts = ({"alg": algorithm, "typ": "JWT"}, body)
    return ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + "."


def test_a_token_says_what_was_signed(signer: Signer) -> None:
    read = signer.read(signer.sign("access", user_id="user_1", lives=HOUR, sid="s"), "access")
    assert (read["sub"], read["sid"], read["aud"]) == ("user_1", "s", "access")


def test_an_expired_token_says_when_and_what_to_do(signer: Signer, clock: SimulatedClock) -> None:
    token = signer.sign("access", user_id="user_1", lives=HOUR)
    clock.advance(HOUR)
    with pytest.raises(NotSignedInError, match=r"expired at 2026-01-05T10:00:00.*POST /api/auth/refresh"):
        signer.read(token, "access")
    assert signer.read(token, "access", expired=True)["sub"] == "user_1"


@pytest.mark.parametrize("kind", ["refresh", "page", "socket"])
def test_a_token_of_another_kind_opens_nothing(signer: Signer, kind: str) -> None:
    token = signer.sign(kind, user_id="user_1", lives=HOUR)  # type: ignore[arg-type]  # one of the kinds
    with pytest.raises(NotSignedInError, match="something else"):
        signer.read(token, "access")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE"])
def test_a_token_without_a_signature_is_refused(signer: Signer, clock: SimulatedClock, algorithm: str) -> None:
    with pytest.raises(NotSignedInError, match="not signed by HS256"):
        signer.read(unsigned(claims(clock), algorithm), "access")


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_the_same_secret_by_another_algorithm_is_refused(clock: SimulatedClock, algorithm: str) -> None:
    long = SECRET * 3
    token = jwt.encode(claims(clock), long, algorithm=algorithm)
    with pytest.raises(NotSignedInError, match="HS256"):
        Signer(secret=long, clock=clock).read(token, "access")


def test_a_token_of_another_house_is_refused(signer: Signer, clock: SimulatedClock) -> None:
    token = jwt.encode(claims(clock), b"the secret of another house, long enough", algorithm="HS256")
    with pytest.raises(NotSignedInError, match="not signed here"):
        signer.read(token, "access")


def test_an_altered_token_is_refused(signer: Signer) -> None:
    token = signer.sign("access", user_id="user_1", lives=HOUR)
    head, body, signature = token.split(".")
    said = json.loads(base64.urlsafe_b64decode(body + "=="))
    forged = base64.urlsafe_b64encode(json.dumps(said | {"sub": "admin"}).encode()).decode().rstrip("=")
    with pytest.raises(NotSignedInError, match="altered"):
        signer.read(f"{head}.{forged}.{signature}", "access")


@pytest.mark.parametrize("missing", ["iss", "aud", "sub", "exp", "iat", "jti"])
def test_a_token_that_leaves_something_out_is_refused(signer: Signer, clock: SimulatedClock, missing: str) -> None:
    token = jwt.encode(claims(clock, **{missing: None}), SECRET, algorithm="HS256")
    with pytest.raises(NotSignedInError):
        signer.read(token, "access")


@pytest.mark.parametrize(
    "changes", [{"exp": 2**60}, {"exp": -1}, {"aud": ["access"]}, {"iss": "another"}, {"exp": True}]
)
def test_nonsense_that_is_well_signed_is_refused(
    signer: Signer, clock: SimulatedClock, changes: dict[str, object]
) -> None:
    with pytest.raises(NotSignedInError):
        signer.read(jwt.encode(claims(clock, **changes), SECRET, algorithm="HS256"), "access")


@pytest.mark.parametrize(
    "text", ["", "eyJ", "a.b.c", "eyJ.eyJ.", "\x00.\x00.\x00", "é.é.é", "e" * 10_000, "..", "eyJh..x"]
)
def test_what_is_no_token_is_refused(signer: Signer, text: str) -> None:
    with pytest.raises(NotSignedInError):
        signer.read(text, "access")


def test_the_secret_is_made_once_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    file = tmp_path / "jwt.key"
    made = kept_secret(file)
    assert len(made) >= 32
    assert file.stat().st_mode & 0o777 == 0o600
    assert kept_secret(file) == made
    assert not list(tmp_path.glob("*.new"))


def test_an_emptied_secret_is_not_used(tmp_path: Path) -> None:
    file = tmp_path / "jwt.key"
    file.write_bytes(b"")
    with pytest.raises(NotSignedInError, match="remove it"):
        kept_secret(file)
