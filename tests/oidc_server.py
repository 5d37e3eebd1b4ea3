"""A small OpenID Connect provider on 127.0.0.1: discovery, keys that can be changed, codes with PKCE, userinfo."""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet

CLIENT, SECRET = "folkmoot", "the-secret-of-folkmoot"


@dataclass
class Provider:
    """What it says next is set by a test: `person` are the claims of whoever signs in; `spoil` changes an ID token."""

    url: str = ""
    person: dict[str, Any] = field(default_factory=lambda: {"sub": "ann-1", "name": "Ann Vale"})
    userinfo: dict[str, Any] = field(default_factory=dict)
    spoil: dict[str, Any] = field(default_factory=dict)
    issuer: str | None = None
    down: bool = False
    foreign_key: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "first"}, private=True))

    def change_key(self, kid: str) -> None:
        """Sign with a new key from now on, and publish that one alone."""
        self.key = ECKey.generate_key("P-256", {"kid": kid}, private=True)

    def answer(self, path: str, query: dict[str, str], form: dict[str, str], authorization: str) -> tuple[int, Any]:
        """Status and JSON; a string is where to redirect to."""
        self.asked.append(path)
        if self.down:
            return 503, {}
        if path == "/authorization_endpoint":
            code = secrets.token_urlsafe(8)
            self.codes[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            return 303, f"{query['redirect_uri']}?{back}"
        if path == "/token_endpoint":
            return self._token(form, authorization)
        ends = {name: f"{self.url}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        documents = {
            "/.well-known/openid-configuration": {
                "issuer": self.issuer or self.url,
                "userinfo_endpoint": f"{self.url}/userinfo",
                **ends,
            },
            "/jwks_uri": KeySet([self.key]).as_dict(private=False),
            "/userinfo": self.userinfo if authorization == "Bearer access" else None,
        }
        found = documents.get(path)
        return (200, found) if found is not None else (404, {})

    def _token(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        asked = self.codes.pop(form.get("code", ""), None)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        known = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {known}":
            return 401, {"error": "invalid_client"}
        if (
            asked is None
            or asked["code_challenge_method"] != "S256"
            or asked["code_challenge"] != challenge.rstrip(b"=").decode()
            or asked["redirect_uri"] != form["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": asked["nonce"]}
        claims = {**claims, **self.person, **self.spoil}
        key = ECKey.generate_key("P-256", {"kid": str(self.key.kid)}, private=True) if self.foreign_key else self.key
        signed = jwt.encode({"alg": "ES256", "kid": self.key.kid}, claims, key)
        return 200, {"access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": signed}


@contextmanager
def oidc_provider() -> Iterator[Provider]:
    """A provider that answers while the block runs."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            self._answer({name: values[0] for name, values in parse_qs(body).items()})

        def _answer(self, form: dict[str, str]) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, said = provider.answer(parts.path, query, form, self.headers.get("Authorization", ""))
            body = b"" if isinstance(said, str) else json.dumps(said).encode()
            self.send_response(status)
            if isinstance(said, str):
                self.send_header("Location", said)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
