"""The built files in memory: what a browser gets for an address, and how long it may keep it."""

import hashlib
import mimetypes
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import Request, Response

STATIC = Path(__file__).with_name("static")
"""Where the build hook writes."""
ENCODINGS = {"br": ".br", "gzip": ".gz"}
"""Content encoding → ending of the compressed twin, the smaller one first."""
FOR_EVER = "public, max-age=31536000, immutable"
"""For names that hold a hash of their content."""
ASK_AGAIN = "no-cache"

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
"""No inline scripts and no inline styles: the editor lives in a shadow root and adopts its own."""
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""Sent with every file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """One built file."""

    body: bytes
    encoded: Mapping[str, bytes]
    """Content encoding → the same file, compressed."""
    media_type: str
    etag: str
    cache_control: str


def load_assets(root: Path) -> Mapping[str, Asset]:
    """Return every built file below ``root`` by its path there (``assets/…``), read once.

    Empty where nothing was built.
    """
    twins = tuple(ENCODINGS.values())
    files = [
        path for path in sorted(root.rglob("*")) if path.is_file() and path.suffix not in twins
    ]
    return {path.relative_to(root).as_posix(): _load(path) for path in files}


@cache
def built_assets() -> Mapping[str, Asset]:
    """Return the files of this installation; as constant as the code beside them."""
    return load_assets(STATIC)


def answer_asset(request: Request, asset: Asset) -> Response:
    """Return the file in the best encoding that the browser takes, or 304 where it has it."""
    headers = {
        **HEADERS,
        "Cache-Control": asset.cache_control,
        "ETag": asset.etag,
        "Vary": "Accept-Encoding",
    }
    if asset.etag in request.headers.get("If-None-Match", ""):
        return Response(status_code=304, headers=headers)
    accepted = {
        part.split(";")[0].strip() for part in request.headers.get("Accept-Encoding", "").split(",")
    }
    for encoding, body in asset.encoded.items():
        if encoding in accepted:
            headers["Content-Encoding"] = encoding
            return Response(body, media_type=asset.media_type, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)


def _load(path: Path) -> Asset:
    body = path.read_bytes()
    twins = {name: path.with_name(path.name + ending) for name, ending in ENCODINGS.items()}
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return Asset(
        body=body,
        encoded={name: twin.read_bytes() for name, twin in twins.items() if twin.is_file()},
        media_type=media_type,
        etag=f'"{hashlib.sha256(body).hexdigest()[:16]}"',
        cache_control=FOR_EVER if path.parent.name == "assets" else ASK_AGAIN,
    )
