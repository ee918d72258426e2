import asyncio
import ipaddress
import socket

import pytest
from yarl import URL

from engine.errors import Forbidden, SourceUnavailable
from engine.net.client import HttpClient, Timeouts
from engine.net.guard import (
    GuardedResolver,
    OutboundPolicy,
    Resolved,
    Resolver,
    check_url,
    is_public,
)
from tests.builders.servers_fault import FaultServer, refuses

EVERYONE = OutboundPolicy(hosts=("*",))

INSIDE = [
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "192.88.99.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "fc00::1",
    "fd00:ec2::254",
    "ff02::1",
    "2001:db8::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:10.0.0.1",
    "::ffff:0:127.0.0.1",
    "::127.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:53aa:64c:0:0:80ff:fffe",
    "100::1",
]
OUTSIDE = [
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "52.218.0.1",
    "2a00:1450:4001:81b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_of_the_own_network_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def literal(address: str) -> str:
    return f"[{address}]" if ":" in address else address


@pytest.mark.parametrize("address", INSIDE)
def test_a_wildcard_does_not_open_the_own_network(address: str) -> None:
    with pytest.raises(Forbidden):
        check_url(EVERYONE, URL(f"http://{literal(address)}/secret"))


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"])
def test_an_address_that_is_written_out_may_be_private(address: str) -> None:
    check_url(OutboundPolicy(hosts=(literal(address),)), URL(f"http://{literal(address)}/"))
    check_url(
        OutboundPolicy(hosts=(f"{literal(address)}:8000",)), URL(f"http://{literal(address)}:8000/")
    )


ALLOWED = {
    "data.example.org": ["https://data.example.org/a", "http://DATA.example.org./a"],
    "data.example.org:8443": ["https://data.example.org:8443/a"],
    "*.example.org": ["https://a.example.org/", "https://a.b.example.org/"],
    "*.example.org:8443": ["https://a.example.org:8443/"],
    "*": ["https://a.example.org/", "http://example.net/"],
    "münchen.example": [],
    "xn--mnchen-3ya.example": ["https://münchen.example/"],
    "[2a00::1]:444": ["https://[2a00::1]:444/"],
    "2a00::1": ["https://[2a00::1]/"],
}
REFUSED = {
    "data.example.org": [
        "https://example.org/",
        "https://a.data.example.org/",
        "https://data.example.org.evil.net/",
        "https://data.example.orgevil.net/",
        "https://data.example.org:8443/",
        "http://data.example.org:22/",
    ],
    "data.example.org:8443": ["https://data.example.org/", "https://data.example.org:8444/"],
    "*.example.org": [
        "https://example.org/",
        "https://evilexample.org/",
        "https://a.example.org:8443/",
        "https://a.example.org@evil.net/",
    ],
    "*": ["https://a.example.org:8443/", "http://a.example.org:22/"],
    "example.org": ["https://user:secret@example.org/", "https://secret@example.org/"],
}


@pytest.mark.parametrize(("entry", "url"), [(k, u) for k, urls in ALLOWED.items() for u in urls])
def test_hosts_that_an_entry_means_are_allowed(entry: str, url: str) -> None:
    check_url(OutboundPolicy(hosts=("other.example.net", entry)), URL(url))


@pytest.mark.parametrize(("entry", "url"), [(k, u) for k, urls in REFUSED.items() for u in urls])
def test_hosts_that_an_entry_does_not_mean_are_refused(entry: str, url: str) -> None:
    with pytest.raises(Forbidden) as error:
        check_url(OutboundPolicy(hosts=(entry,)), URL(url))

    assert "secret" not in error.value.message


@pytest.mark.parametrize(
    "url", ["ftp://a.example/x", "file:///etc/passwd", "gopher://a/", "data:,"]
)
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(Forbidden, match="allowed: http, https, s3"):
        check_url(EVERYONE, URL(url))


def test_no_hosts_allow_nothing() -> None:
    with pytest.raises(Forbidden, match=r"example\.org at port 443"):
        check_url(OutboundPolicy(), URL("https://example.org/secret?token=secret"))


class Names:
    """A name server under someone else's control: each question gets the next answer."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.questions = 0

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[Resolved]:
        self.questions += 1
        addresses = self.answers.pop(0)
        if not addresses:
            raise OSError("no such name")
        return [
            Resolved(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=0,
            )
            for address in addresses
            if family in (socket.AF_UNSPEC, socket.AF_INET)
        ]

    async def close(self) -> None:
        self.answers = []


def getting(policy: OutboundPolicy, url: str, names: Resolver | None = None) -> int:
    async def main() -> int:
        client = HttpClient(
            policy, timeouts=Timeouts(connect=1, silence=1, total=2), per_host=2, resolver=names
        )
        try:
            return (await client.get(client.route(URL(url)), lambda _: None, size=10)).status
        finally:
            await client.close()

    return asyncio.run(main())


@pytest.mark.parametrize("address", INSIDE)
def test_a_name_that_leads_into_the_own_network_is_refused(address: str) -> None:
    with pytest.raises(Forbidden, match="not public") as error:
        getting(EVERYONE, "http://innocent.example/secret", Names([address]))

    assert "innocent.example" in error.value.message
    assert "secret" not in error.value.message
    assert address not in error.value.message


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    with pytest.raises(Forbidden):
        getting(EVERYONE, "http://innocent.example/", Names(["8.8.8.8", "10.0.0.1"]))


@pytest.mark.parametrize(
    "host", ["localhost", "127.1", "2130706433", "0x7f.0.0.1", "0177.0.0.1", "127.0.0.1.", "[::]"]
)
def test_other_ways_to_write_the_own_machine_lead_nowhere(
    fault_server: FaultServer, host: str
) -> None:
    port = fault_server.authority.partition(":")[2]
    fault_server.script("/own", refuses(418))

    with pytest.raises((Forbidden, SourceUnavailable)):
        getting(OutboundPolicy(hosts=(f"*:{port}",)), f"http://{host}:{port}/own")

    assert fault_server.asked("/own") == []


def test_a_name_that_is_written_out_may_lead_into_the_own_network(
    fault_server: FaultServer,
) -> None:
    port = fault_server.authority.partition(":")[2]
    fault_server.script("/minio", refuses(418))
    policy = OutboundPolicy(hosts=(f"minio.internal:{port}",))

    status = getting(policy, f"http://minio.internal:{port}/minio", Names(["127.0.0.1"]))

    assert status == 418


def test_a_name_that_changes_its_mind_is_asked_once_for_check_and_connection(
    fault_server: FaultServer,
) -> None:
    port = fault_server.authority.partition(":")[2]
    names = Names(["127.0.0.1"], ["8.8.8.8"])
    resolver = GuardedResolver(OutboundPolicy(hosts=("name.example",)), inner=names)

    async def main() -> list[Resolved]:
        return await resolver.resolve("name.example", int(port), socket.AF_INET)

    found = asyncio.run(main())

    assert [one["host"] for one in found] == ["127.0.0.1"]
    assert names.questions == 1


def test_a_name_without_an_address_is_unavailable() -> None:
    with pytest.raises(SourceUnavailable, match=r"nowhere\.example has no address"):
        getting(EVERYONE, "http://nowhere.example/secret", Names([]))
