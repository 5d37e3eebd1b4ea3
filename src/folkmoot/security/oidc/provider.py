"""The provider's side: its discovery document, its keys, the exchange of a code, and the proof of an ID token.

The settings name the issuer, so its addresses are the operator's and not held against the URL guard. Keys are kept and
fetched again when a token names one that is not there: that is how providers change them.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from folkmoot.kernel import Clock, FolkmootError
from folkmoot.security.errors import OidcFailedError, OidcUnavailableError
from folkmoot.security.oidc.model import Attempt, Identity, OidcOptions

# Public keys alone: a secret that both sides know signs nothing here.
ALGORITHMS: Final = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
DISCOVERED_FOR: Final = timedelta(hours=1)
KEYS_AT_MOST_EVERY: Final = timedelta(seconds=30)
PATIENCE_SECONDS: Final = 10.0
LEEWAY_SECONDS: Final = 60
_NEEDED: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_ANSWERED: Final = 200


class OidcProvider:
    """One provider. `http` are options for the library's HTTP client (tests give their own)."""

    def __init__(self, *, options: OidcOptions, clock: Clock, http: Mapping[str, Any] | None = None) -> None:
        self.options = options
        self._clock = clock
        self._http = {"timeout": PATIENCE_SECONDS, **(http or {})}
        self._document: tuple[datetime, dict[str, Any]] | None = None
        self._keys: tuple[datetime, dict[str, Any]] | None = None
        self._fetching = asyncio.Lock()

    async def address(self, attempt: Attempt, *, redirect_uri: str) -> str:
        """Where the browser is to go. Raises `OidcUnavailableError`."""
        document = await self._discovered()
        async with await self._client(document, redirect_uri) as client:
            url: str = client.create_authorization_url(
                document["authorization_endpoint"],
                state=attempt.state,
                nonce=attempt.nonce,
                code_verifier=attempt.verifier,
            )[0]
        return url

    async def identity(self, attempt: Attempt, *, code: str, redirect_uri: str) -> Identity:
        """Who came back with this code. Raises `OidcUnavailableError`, `OidcFailedError`."""
        document = await self._discovered()
        async with await self._client(document, redirect_uri) as client:
            try:
                token = await client.fetch_token(
                    document["token_endpoint"],
                    code=code,
                    code_verifier=attempt.verifier,
                    grant_type="authorization_code",
                )
            except FolkmootError:
                raise
            except Exception as error:
                raise _refused_or_away(error, "would not take the code") from error
            claims = await self._proven(token, attempt, document)
            claims = await self._completed(claims, client, document, str(token.get("access_token")))
        return Identity(issuer=self.options.issuer, subject=str(claims["sub"]), claims=claims)

    async def _proven(self, token: Mapping[str, Any], attempt: Attempt, document: dict[str, Any]) -> dict[str, Any]:
        """The claims of the ID token, if its signature, issuer, audience, times and nonce are right."""
        from authlib.oidc.core import CodeIDToken  # type: ignore[import-untyped]  # noqa: PLC0415  # no stubs; an extra
        from joserfc import jwt  # noqa: PLC0415  # it comes with that
        from joserfc.errors import JoseError  # noqa: PLC0415  # see above

        raw = token.get("id_token")
        if not isinstance(raw, str):
            raise OidcFailedError("the provider gave no ID token; is `openid` among the scopes?")
        options = {
            "iss": {"essential": True, "value": document["issuer"]},
            "aud": {"essential": True, "value": self.options.client_id},
        }
        params = {
            "nonce": attempt.nonce,
            "client_id": self.options.client_id,
            "access_token": token.get("access_token"),
        }
        try:
            keys = await self._key_set(document, raw)
            decoded = jwt.decode(raw, keys, algorithms=list(ALGORITHMS))
            claims = CodeIDToken(decoded.claims, decoded.header, options=options, params=params)
            claims.validate(now=int(self._clock.now().timestamp()), leeway=LEEWAY_SECONDS)
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise OidcFailedError(f"the provider's ID token does not hold: {error}") from error
        return dict(claims)

    async def _key_set(self, document: dict[str, Any], raw: str) -> Any:
        from joserfc import jws  # noqa: PLC0415  # see `_proven`
        from joserfc.jwk import KeySet  # noqa: PLC0415  # see above

        wanted = jws.extract_compact(raw.encode()).headers().get("kid")
        async with self._fetching:
            known = self._keys
            stale = known is None or self._clock.now() - known[0] > DISCOVERED_FOR
            strange = known is not None and wanted not in {None, *(one.get("kid") for one in known[1].get("keys", ()))}
            rested = known is None or self._clock.now() - known[0] >= KEYS_AT_MOST_EVERY
            if known is None or stale or (strange and rested):
                known = self._keys = (self._clock.now(), await self._fetched(document["jwks_uri"]))
        return KeySet.import_key_set(known[1])  # type: ignore[arg-type]  # a JSON document; checked by what is called

    async def _completed(
        self, claims: dict[str, Any], client: Any, document: dict[str, Any], access_token: str
    ) -> dict[str, Any]:
        """With what the ID token leaves out, from the provider's userinfo."""
        named = any(claims.get(one) for one in ("name", "preferred_username", "email"))
        if (named and (self.options.role_claim is None or self.options.claimed(claims))) or (
            "userinfo_endpoint" not in document
        ):
            return claims
        try:
            # The library would refuse a token that lives for less than a minute.
            bearer = {"Authorization": f"Bearer {access_token}"}
            answer = await client.request("GET", document["userinfo_endpoint"], headers=bearer, withhold_token=True)
            more = answer.json() if answer.status_code == _ANSWERED else {}
        except Exception as error:
            raise _refused_or_away(error, "would not say who this is") from error
        # Somebody else's answer must not stand for this token's owner.
        return {**more, **claims} if isinstance(more, dict) and more.get("sub") == claims["sub"] else claims

    async def _discovered(self) -> dict[str, Any]:
        async with self._fetching:
            if self._document is not None and self._clock.now() - self._document[0] <= DISCOVERED_FOR:
                return self._document[1]
            where = f"{self.options.issuer.rstrip('/')}/.well-known/openid-configuration"
            document = await self._fetched(where)
            if str(document.get("issuer", "")).rstrip("/") != self.options.issuer.rstrip("/"):
                raise OidcUnavailableError(
                    f"{where} speaks of another issuer, {document.get('issuer')}; set OIDC_ISSUER to that if it is so"
                )
            missing = [name for name in _NEEDED if not isinstance(document.get(name), str)]
            if missing:
                raise OidcUnavailableError(f"{where} does not say its {missing[0]}; is OIDC_ISSUER right?")
            self._document = (self._clock.now(), document)
            return document

    async def _fetched(self, url: str) -> dict[str, Any]:
        import httpx2  # noqa: PLC0415  # what the library speaks with

        try:
            async with httpx2.AsyncClient(**await self._http_options()) as client:
                answer = await client.get(url)
                found = answer.json() if answer.status_code == _ANSWERED else None
        except (httpx2.HTTPError, ValueError) as error:
            raise OidcUnavailableError(f"the provider does not answer at {url}: {error}") from error
        if not isinstance(found, dict):
            raise OidcUnavailableError(f"the provider answered {answer.status_code} at {url}; is OIDC_ISSUER right?")
        return found

    async def _client(self, document: dict[str, Any], redirect_uri: str) -> Any:
        from authlib.integrations.httpx_client import (  # type: ignore[import-untyped]  # noqa: PLC0415  # see `_proven`
            AsyncOAuth2Client,
        )

        supported = document.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        posted = "client_secret_basic" not in supported and "client_secret_post" in supported
        method = "none" if self.options.client_secret is None else "client_secret_post" if posted else None
        return AsyncOAuth2Client(
            client_id=self.options.client_id,
            client_secret=self.options.client_secret,
            scope=" ".join(self.options.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            token_endpoint_auth_method=method or "client_secret_basic",
            **await self._http_options(),
        )

    async def _http_options(self) -> dict[str, Any]:
        import httpx2  # noqa: PLC0415  # see `_fetched`

        # Reading the usual authorities takes a tenth of a second: once, and not in the loop.
        if "verify" not in self._http:
            self._http["verify"] = await asyncio.to_thread(httpx2.create_ssl_context)
        return self._http


def _refused_or_away(error: Exception, what: str) -> FolkmootError:
    import httpx2  # noqa: PLC0415  # see `_fetched`

    if isinstance(error, httpx2.HTTPError):
        return OidcUnavailableError(f"the provider does not answer: {error}")
    return OidcFailedError(f"the provider {what}: {error}")
