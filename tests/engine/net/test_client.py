import asyncio
from pathlib import Path

import pytest
from yarl import URL

from engine.errors import Forbidden, SourceCorrupt, SourceUnavailable
from engine.net.client import HttpClient, Timeouts
from engine.net.guard import OutboundPolicy
from engine.trace import tracing
from tests.builders.servers import Nginx
from tests.builders.servers_fault import FaultServer, never_answers, refuses, serves_all

TIMEOUTS = Timeouts(connect=1, silence=0.5, total=3)


def client_for(authority: str, *, per_host: int = 4, redirects: int = 3) -> HttpClient:
    policy = OutboundPolicy(hosts=(authority,))
    return HttpClient(policy, timeouts=TIMEOUTS, per_host=per_host, redirects=redirects)


def getting(client: HttpClient, url: str, *, limit: int = 1000) -> tuple[int, bytes]:
    async def main() -> tuple[int, bytes]:
        try:
            answer = await client.get(client.route(URL(url)), lambda _: limit, size=limit)
            return answer.status, bytes(answer.body)
        finally:
            await client.close()

    return asyncio.run(main())


def test_a_body_comes_as_it_is_with_its_request_and_bytes_counted(nginx: Nginx) -> None:
    (nginx.root / "body.txt").write_bytes(b"content")

    with tracing() as trace:
        found = getting(client_for(nginx.authority), f"{nginx.url}/body.txt")

    assert found == (200, b"content")
    assert dict(trace.counts) == {"requests": 1, "bytes": 7}


def test_a_body_longer_than_the_limit_is_cut_off(nginx: Nginx) -> None:
    (nginx.root / "long.txt").write_bytes(bytes(1001))

    with pytest.raises(SourceCorrupt, match="more than the 1000 bytes"):
        getting(client_for(nginx.authority), f"{nginx.url}/long.txt")


def test_proxies_and_passwords_of_the_environment_are_not_used(
    fault_server: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (tmp_path / "netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    address = fault_server.script("/plain", serves_all(b"direct"))

    found = getting(client_for(fault_server.authority), address)

    assert found == (200, b"direct")
    assert "authorization" not in fault_server.asked("/plain")[0].headers


def test_cookies_are_not_kept(fault_server: FaultServer) -> None:
    address = fault_server.script("/cookie", serves_all(b"x", {"Set-Cookie": "a=b"}))

    async def main() -> None:
        client = client_for(fault_server.authority)
        for _ in range(2):
            await client.get(client.route(URL(address)), lambda _: 10, size=10)
        await client.close()

    asyncio.run(main())

    assert all("cookie" not in one.headers for one in fault_server.asked("/cookie"))


def test_redirects_within_the_host_are_followed_and_counted(fault_server: FaultServer) -> None:
    address = fault_server.script("/one", refuses(301, {"Location": "/two?a=b%2Fc"}))
    fault_server.script("/two", refuses(307, {"Location": f"{fault_server.url}/three#part"}))
    fault_server.script("/three", serves_all(b"here"))

    with tracing() as trace:
        found = getting(client_for(fault_server.authority), address)

    assert found == (200, b"here")
    assert fault_server.asked("/two")[-1].path == "/two?a=b%2Fc"
    assert trace.counts["requests"] == 3


def test_a_client_without_redirects_gives_them_as_answers(fault_server: FaultServer) -> None:
    address = fault_server.script("/hop", refuses(302, {"Location": "http://elsewhere.example/"}))

    status, _ = getting(client_for(fault_server.authority, redirects=0), address)

    assert status == 302


def test_a_redirect_to_a_host_that_would_be_allowed_by_itself_is_not_followed(
    fault_server: FaultServer, nginx: Nginx
) -> None:
    address = fault_server.script("/away", refuses(302, {"Location": f"{nginx.url}/body.txt"}))
    policy = OutboundPolicy(hosts=(fault_server.authority, nginx.authority))

    with pytest.raises(Forbidden, match="redirects to another host"):
        getting(HttpClient(policy, timeouts=TIMEOUTS, per_host=2), address)


def test_no_more_requests_than_allowed_are_under_way_at_one_host(
    fault_server: FaultServer,
) -> None:
    address = fault_server.script("/slots", never_answers())

    async def main() -> list[BaseException]:
        client = client_for(fault_server.authority, per_host=3)

        async def get() -> None:
            await client.get(client.route(URL(address)), lambda _: 10, size=10)

        # All ten fail in waves of three, each wave after the silence that is allowed.
        callers = [asyncio.create_task(get()) for _ in range(10)]
        await asyncio.wait(callers, return_when=asyncio.FIRST_COMPLETED)
        first_wave = len(fault_server.asked("/slots"))
        results = await asyncio.gather(*callers, return_exceptions=True)
        await client.close()

        assert first_wave <= 6
        assert len(client._slots) == 0
        return [one for one in results if isinstance(one, BaseException)]

    failures = asyncio.run(main())

    assert [type(one) for one in failures] == [SourceUnavailable] * 10
    assert len(fault_server.asked("/slots")) == 10


def test_a_caller_that_is_cancelled_frees_its_slot(fault_server: FaultServer) -> None:
    hanging = fault_server.script("/hanging", never_answers())
    quick = fault_server.script("/quick", serves_all(b"quick"))

    async def main() -> bytes:
        client = client_for(fault_server.authority, per_host=1)

        async def get(address: str) -> bytes:
            answer = await client.get(client.route(URL(address)), lambda _: 10, size=10)
            return bytes(answer.body)

        stuck = asyncio.create_task(get(hanging))
        waiting = asyncio.create_task(get(quick))
        await asyncio.sleep(0)
        stuck.cancel()
        try:
            return await waiting
        finally:
            await client.close()

    assert asyncio.run(main()) == b"quick"


def test_a_connection_is_used_again(nginx: Nginx) -> None:
    (nginx.root / "again.txt").write_bytes(b"again")

    async def main() -> int:
        client = client_for(nginx.authority)
        for _ in range(5):
            route = client.route(URL(f"{nginx.url}/again.txt"))
            await client.get(route, lambda _: 10, size=10)
        found = len(client._connections)
        await client.close()
        return found

    assert asyncio.run(main()) == 1
