"""Whom this server may ask: the wall against requests forged through addresses in data.

An address in a STAC item or a request must not make the server fetch from the network that it
stands in. `OutboundPolicy` says which hosts are allowed, `GuardedResolver` sees to it that a name
leads only to public addresses, and hands exactly the checked ones to the connection.
"""

import asyncio
import ipaddress
import socket
from dataclasses import dataclass
from typing import Protocol, TypedDict

from yarl import URL

from engine.errors import Forbidden, SourceUnavailable

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PORTS = {"http": 80, "https": 443}
_EMBEDS_V4_LAST = tuple(
    # RFC 6052 NAT64, RFC 4291 IPv4-compatible, RFC 2765 IPv4-translated.
    map(ipaddress.IPv6Network, ("64:ff9b::/96", "::/96", "::ffff:0:0:0/96"))
)
_NEVER = tuple(
    map(
        ipaddress.ip_network,
        (
            "168.63.129.16/32",  # Azure's host agent: a public number, a private service
            "192.0.0.0/24",  # RFC 6890; older Pythons count most of it as public
            "192.88.99.0/24",  # RFC 7526: former 6to4 relays
            "64:ff9b:1::/48",  # RFC 8215: NAT64 within one's own network
            "fec0::/10",  # RFC 3879: former site-local addresses
        ),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPolicy:
    """Which hosts may be asked over which schemes."""

    hosts: tuple[str, ...] = ()
    """``data.example.org`` (at its scheme's own port), ``data.example.org:8443``, ``[::1]:80``,
    ``*.example.org`` (all below it) or ``*`` (every public host); none allow nothing. A host may
    have a private address only where it is written out."""
    schemes: frozenset[str] = frozenset({"http", "https", "s3"})
    """Schemes of addresses that may be read."""

    def allows(self, host: str, port: int, *, usual_port: int) -> bool:
        """Return whether ``host`` may be asked at ``port``, as a name or by a wildcard."""
        if self.names(host, port, usual_port=usual_port):
            return True
        return any(
            host.endswith(name[1:]) if name.startswith("*.") else name == "*"
            for name, allowed_port in map(_split, self.hosts)
            if (allowed_port or usual_port) == port
        )

    def names(self, host: str, port: int, *, usual_port: int) -> bool:
        """Return whether ``host`` is written out, and so may have any address."""
        return any(
            name == host and (allowed_port or usual_port) == port
            for name, allowed_port in map(_split, self.hosts)
        )


def check_scheme(policy: OutboundPolicy, scheme: str) -> None:
    """Return if addresses of ``scheme`` may be read. Raises `Forbidden` else."""
    if scheme not in policy.schemes:
        allowed = ", ".join(sorted(policy.schemes)) or "none"
        message = f"addresses of the kind {scheme[:20]!r} are not read; allowed: {allowed}"
        raise Forbidden(message)


def check_url(policy: OutboundPolicy, url: URL) -> None:
    """Return if ``url`` may be asked for, as far as that can be told without its host's address.

    Raises `Forbidden`, naming the host and never the path or the query.
    """
    check_scheme(policy, url.scheme)
    host, port, usual_port = host_of(url), url.port, _PORTS.get(url.scheme)
    if not host or port is None or usual_port is None:
        message = "the address names no host"
        raise Forbidden(message)
    if url.user is not None or url.password is not None:
        message = f"the address of {host} holds a user or a password; that is not allowed"
        raise Forbidden(message)
    if not policy.allows(host, port, usual_port=usual_port):
        message = f"the host {host} at port {port} is not one that the settings allow"
        raise Forbidden(message)
    literal = _literal(host)
    if literal is not None and not policy.names(host, port, usual_port=usual_port):
        check_public(literal, host)


def check_public(address: Address, host: str) -> None:
    """Return if ``address`` is one of the public internet. Raises `Forbidden` naming ``host``."""
    if not is_public(address):
        message = (
            f"the host {host} has an address that is not public; "
            "such a host is asked only where the settings name it"
        )
        raise Forbidden(message)


def is_public(address: Address) -> bool:
    """Return whether ``address``, and the IPv4 address that it may stand for, is public."""
    if isinstance(address, ipaddress.IPv6Address):
        if any(address in network for network in _EMBEDS_V4_LAST):
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return is_public(inner)
        # Teredo (RFC 4380) hides a server and a client; there is no honest use for it here.
        if address.teredo is not None:
            return False
    if any(address in network for network in _NEVER):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved)


def host_of(url: URL) -> str:
    """Return the host of ``url`` as policies write it: lower case, no brackets, no last dot."""
    return (url.raw_host or "").lower().rstrip(".")


class Resolved(TypedDict):
    """One address of a host, as aiohttp's resolvers give it: aiobotocore is given ours."""

    hostname: str
    """What was asked for."""
    host: str
    """A numeric address."""
    port: int
    family: int
    proto: int
    flags: int


class Resolver(Protocol):
    """Names → addresses; what aiohttp takes as a resolver."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Resolved]:
        """Return the addresses of ``host``, at least one. Raises OSError."""
        ...

    async def close(self) -> None:
        """Free what it holds."""
        ...


class SystemResolver:
    """Asks the system, in a thread."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Resolved]:
        """Return the addresses that the system knows. Raises OSError, and UnicodeError."""
        loop = asyncio.get_running_loop()
        infos = await loop.getaddrinfo(
            host, port, family=family, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG
        )
        numeric = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
        return [
            Resolved(
                hostname=host,
                host=str(address[0]),
                port=port,
                family=family,
                proto=proto,
                flags=numeric,
            )
            for family, _, proto, _, address in infos
        ]

    async def close(self) -> None:
        """Hold nothing, free nothing."""


class GuardedResolver:
    """Names → addresses, refused where one of them is not public and the host is not written out.

    The connection is made to the very addresses that were checked, so a name that changes its
    mind in between gains nothing.
    """

    def __init__(self, policy: OutboundPolicy, *, inner: Resolver | None = None) -> None:
        """Resolve as the system does, or with ``inner``."""
        self._policy = policy
        self._inner = SystemResolver() if inner is None else inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Resolved]:
        """Return the addresses of ``host``; raises `Forbidden` where any is off limits."""
        name = host.lower().rstrip(".")
        try:
            found = await self._inner.resolve(host, port, family)
        except OSError:
            message = f"the host {name} has no address"
            raise SourceUnavailable(message) from None
        # The resolver sees no scheme: a port without a number of its own counts as the usual one.
        if not self._policy.names(name, port, usual_port=port):
            for one in found:
                check_public(ipaddress.ip_address(one["host"].partition("%")[0]), name)
        return found

    async def close(self) -> None:
        """Close the inner resolver."""
        await self._inner.close()


def _split(entry: str) -> tuple[str, int | None]:
    """Return host and port of an entry of the policy; the port is None where none is written."""
    host, colon, port = entry.lower().rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        return host.strip("[]").rstrip("."), int(port)
    return entry.lower().strip("[]").rstrip("."), None


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None
