"""Tokens: the key that signs them, and JSON web tokens made and read with it.

RS256, so that others can verify by the public key at the JWKS address. The key is made once, in a
file that only its owner reads; all processes of a server share it.
"""

import json
import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from api.errors import Unauthorized

ALGORITHM = "RS256"
ISSUER = "cogmill"

_ESCAPED = str.maketrans({mark: f"\\u{ord(mark):04x}" for mark in ">?~\x7f"})
"""The only ASCII characters whose base64 may hold the 62nd and 63rd digit."""


def open_key(path: Path) -> RSAKey:
    """Return the signing key at ``path``, made there first where there is none.

    Processes that start together agree on one key: whoever links its file first wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(RSAKey.generate_key(2048).as_pem(private=True))
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    key = RSAKey.import_key(path.read_bytes())
    key.ensure_kid()
    return key


def issue_token(key: RSAKey, *, client_id: str, scope: str, seconds: int, now: int) -> str:
    """Return a token for ``client_id`` that lives ``seconds`` from ``now`` (Unix time).

    sentinelhub-py decodes the middle part by the standard alphabet of base64, which drops ``-``
    and ``_``; plain ASCII yields those only from four characters, which are written as escapes.
    """
    claims = {
        "iss": ISSUER,
        "sub": client_id,
        "azp": client_id,
        "scope": scope,
        "typ": "Bearer",
        "iat": now,
        "exp": now + seconds,
        "jti": secrets.token_hex(16),
    }
    payload = json.dumps(claims, separators=(",", ":")).translate(_ESCAPED)
    header = {"alg": ALGORITHM, "typ": "JWT", "kid": key.kid}
    return jws.serialize_compact(header, payload.encode("ascii"), key, [ALGORITHM])


def read_token(key: RSAKey, token: str, *, now: int) -> Mapping[str, Any]:
    """Return the claims of a token of ours; raises `Unauthorized` where it is not, or not now."""
    try:
        signed = jws.deserialize_compact(token, key, [ALGORITHM])
        claims = json.loads(signed.payload)
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        message = "the access token is not one of this server's"
        raise Unauthorized(message) from error
    if claims.get("iss") != ISSUER or claims.get("exp", 0) <= now:
        message = "the access token has expired; ask for a new one"
        raise Unauthorized(message)
    found: Mapping[str, Any] = claims
    return found


def public_keys(key: RSAKey) -> Mapping[str, Any]:
    """Return the JWKS document: the public half of the key."""
    return {"keys": [{**key.as_dict(private=False), "alg": ALGORITHM, "use": "sig"}]}
