"""`S3Options`: how the objects of one bucket, or of all others, are reached."""

import fnmatch
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from yarl import URL

from engine.errors import Forbidden
from engine.net.guard import OutboundPolicy

_BUCKET = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}")


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Options:
    """One place where buckets live, and who asks for their objects."""

    bucket: str = "*"
    """Name of the bucket, or a pattern such as ``sentinel-*``; the first options that match win."""
    endpoint_url: str | None = None
    """``https://host`` or ``http://host:port`` of an S3 that is not AWS; it may be private."""
    region: str | None = None
    """Region of the bucket; None takes that of the environment, then the one AWS answers with."""
    anonymous: bool = False
    """Whether to ask without credentials, as public buckets allow."""
    access_key: str | None = None
    """Credentials; None takes them from the environment or the shared files of AWS's tools."""
    secret_key: str | None = field(default=None, repr=False)
    """Belongs to ``access_key``."""
    session_token: str | None = field(default=None, repr=False)
    """Belongs to ``access_key`` where that is temporary."""
    profile: str | None = None
    """Profile in the shared files of AWS's tools."""
    instance_role: bool = False
    """Whether the machine's metadata service may be asked for credentials when nothing else has
    any: only on machines of AWS, for anywhere else it costs seconds."""
    requester_pays: bool = False
    """Whether to agree to pay for the traffic of buckets that ask for it."""
    addressing: Literal["path", "virtual"] | None = None
    """Bucket in the path or in the host; None is the path at an endpoint, the host at AWS."""


def options_for(bucket: str, options: Sequence[S3Options]) -> S3Options:
    """Return the first of ``options`` that ``bucket`` matches. Raises `Forbidden` without one."""
    for one in options:
        if fnmatch.fnmatchcase(bucket, one.bucket):
            return one
    message = f"the bucket {bucket!r} is not one that the settings allow"
    raise Forbidden(message)


def split_address(address: str) -> tuple[str, str]:
    """Return bucket and key of ``s3://bucket/key``; the key is taken as it is, ``?`` and all."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    if not address.startswith("s3://") or _BUCKET.fullmatch(bucket) is None:
        message = "an S3 address is s3://bucket/key"
        raise Forbidden(message)
    return bucket, key


def names_object(key: str) -> bool:
    """Return whether ``key`` names one object, and says so plainly."""
    return not key.endswith("/") and not any(part in ("", ".", "..") for part in key.split("/"))


def with_endpoints(policy: OutboundPolicy, options: Sequence[S3Options]) -> OutboundPolicy:
    """Return ``policy`` with the endpoints of ``options``, which whoever set them trusts.

    Where buckets are named in the host, those that the options write out are trusted too, and
    the others must have public addresses.
    """
    hosts = list(policy.hosts)
    schemes = set(policy.schemes)
    for one in options:
        if one.endpoint_url is not None:
            url = URL(one.endpoint_url)
            schemes.add(url.scheme)
            host = f"[{url.host}]" if ":" in (url.host or "") else url.host
            below = one.bucket if _BUCKET.fullmatch(one.bucket) else "*"
            hosts += [f"{host}:{url.port}", f"{below}.{host}:{url.port}"]
    return OutboundPolicy(hosts=tuple(hosts), schemes=frozenset(schemes))
