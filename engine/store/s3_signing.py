"""Signatures of many objects after the example of one that botocore signed.

botocore needs half a millisecond for each URL, as it looks up everything anew; within one bucket
only the key differs. So it signs one, which shows host, scope, date and everything else, and we
sign the others as AWS describes it (Signature Version 4, "query string authentication").
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

EXAMPLE_KEY = "example/ä b+~%(1)*'.tif"
"""What botocore signs: a key with every kind of character, so that quoting is compared too."""

_SIGNATURE = "X-Amz-Signature"
_UNRESERVED = "/~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Makes the URLs of a bucket's objects, valid as long as the example's."""

    origin: str
    """``https://host``, with the port where one is written."""
    headers: str
    """Those that are signed, as the signature has them: each on a line, then their names."""
    folder: str
    """Path of the bucket, up to the key."""
    query: str
    """All parameters but the signature, in order of their names."""
    scope: str
    """Date, region and service that the signature is for; empty without one."""
    moment: str
    """When the example was signed."""
    key: bytes | None
    """Derived from the secret; None asks without a signature."""

    def sign(self, key: str) -> str:
        """Return the URL by which the object ``key`` is read."""
        path = self.folder + quote(key, safe=_UNRESERVED)
        if self.key is None:
            return f"{self.origin}{path}{'?' if self.query else ''}{self.query}"
        asked = f"GET\n{path}\n{self.query}\n{self.headers}\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(asked.encode()).hexdigest()
        told = f"AWS4-HMAC-SHA256\n{self.moment}\n{self.scope}\n{digest}"
        signature = hmac.digest(self.key, told.encode(), "sha256").hex()
        return f"{self.origin}{path}?{self.query}&{_SIGNATURE}={signature}"


def signer_like(example: str, *, secret: str | None, headers: Mapping[str, str]) -> Signer | None:
    """Return what signs as the URL ``example`` of `EXAMPLE_KEY` was signed with ``secret``.

    ``headers`` (names in lower case) are those that are sent with every request. None where it
    does not come to the very same signature: then the bucket is of a kind that only botocore knows.
    """
    parts = urlsplit(example)
    key = quote(EXAMPLE_KEY, safe=_UNRESERVED)
    if not parts.path.endswith(f"/{key}"):
        return None
    pairs = sorted(pair.partition("=")[::2] for pair in parts.query.split("&") if pair)
    told = dict(pairs)
    signature = told.pop(_SIGNATURE, None)
    moment = told.get("X-Amz-Date", "")
    scope = unquote(told.get("X-Amz-Credential", "")).partition("/")[2]
    signer = Signer(
        origin=f"{parts.scheme}://{parts.netloc}",
        headers=_signed_headers(told, {"host": parts.netloc, **headers}),
        folder=parts.path.removesuffix(key),
        query="&".join(f"{name}={value}" for name, value in pairs if name != _SIGNATURE),
        scope=scope,
        moment=moment,
        key=None if signature is None else _signing_key(secret or "", scope.split("/")),
    )
    made = dict(
        pair.partition("=")[::2] for pair in urlsplit(signer.sign(EXAMPLE_KEY)).query.split("&")
    )
    return signer if made.get(_SIGNATURE) == signature else None


def _signed_headers(told: Mapping[str, str], sent: Mapping[str, str]) -> str:
    names = unquote(told.get("X-Amz-SignedHeaders", ""))
    # A header that we do not know stays empty, and the example's signature tells that it is wrong.
    lines = [f"{name}:{sent.get(name, '')}" for name in names.split(";")]
    return "\n".join([*lines, "", names])


def _signing_key(secret: str, scope: Sequence[str]) -> bytes:
    """Return the key that stands for ``secret`` on one day, in one region, for one service."""
    key = f"AWS4{secret}".encode()
    for part in scope:
        key = hmac.digest(key, part.encode(), "sha256")
    return key
