import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.net.head import NotHttpError, body_length, is_chunked, parse_head

PART = (
    b'HTTP/1.1 206 Partial Content\r\nETag: "one"\r\nContent-RANGE:bytes 5-9/10\t \r\n'
    b"Content-Length: 5\r\nX-Empty:"
)


def test_a_head_gives_its_status_and_its_headers_by_lower_case_name() -> None:
    head = parse_head(PART)

    assert head.status == 206
    assert head.headers == {
        "etag": '"one"',
        "content-range": "bytes 5-9/10",
        "content-length": "5",
        "x-empty": "",
    }
    assert head.keeps_open
    assert body_length(head) == 5


def test_bytes_beyond_ascii_survive_the_way_there_and_back() -> None:
    raw = "HTTP/1.1 200 Größe\r\nETag: ".encode() + b'"\xff\xc3\xa4"'

    tag = parse_head(raw).headers["etag"]

    assert tag.encode("utf-8", "surrogateescape") == b'"\xff\xc3\xa4"'


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"HTTP/1.1",
        b"HTTP/1.1 2000 OK",
        b"HTTP/1.1 099 OK",
        b"HTTP/2 200 OK",
        b"HTTP/2.0 200 OK",
        b"http/1.1 200 OK",
        b" HTTP/1.1 200 OK",
        b"\r\nHTTP/1.1 200 OK",
        b"HTTP/1.1 200 OK\r\nno colon",
        b"HTTP/1.1 200 OK\r\n: no name",
        b"HTTP/1.1 200 OK\r\nspaced : name",
        b"HTTP/1.1 200 OK\r\n folded: line",
        b"HTTP/1.1 200 OK\r\nX: a\r\n b",
        b"HTTP/1.1 200 OK\r\nX: a\nY: b",
        b"HTTP/1.1 200 OK\r\nX: a\rY: b",
        b"HTTP/1.1 200 OK\nX: a",
        b"HTTP/1.1 200 OK\r\nX: a\0b",
        b"HTTP/1.1 200 OK\r\n\xc3\xa4: a",
        b"HTTP/1.1 200 OK\r\n\r\nX: a",
    ],
)
def test_what_two_readers_could_read_differently_is_not_http(raw: bytes) -> None:
    with pytest.raises(NotHttpError):
        parse_head(raw)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=60), st.booleans())
def test_any_bytes_are_a_head_or_not_http(junk: bytes, starts_well: bool) -> None:  # noqa: FBT001
    raw = b"HTTP/1.1 200 OK\r\n" + junk if starts_well else junk
    try:
        head = parse_head(raw)
    except NotHttpError:
        return

    assert 100 <= head.status < 1000
    assert all(name == name.lower() and name for name in head.headers)


def with_headers(*lines: str, status: int = 200) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status} Status", *lines]).encode()


@pytest.mark.parametrize(
    ("raw", "length", "chunked"),
    [
        (with_headers("Content-Length: 0"), 0, False),
        (with_headers("Content-Length: 7", "content-length: 7"), 7, False),
        (with_headers("Content-Length: 7, 7"), 7, False),
        (with_headers("Transfer-Encoding: Chunked"), None, True),
        (with_headers(), None, False),
        (with_headers("Content-Length: 7", status=304), 0, False),
        (with_headers(status=204), 0, False),
    ],
)
def test_a_body_ends_where_its_head_says(raw: bytes, length: int | None, chunked: bool) -> None:  # noqa: FBT001
    head = parse_head(raw)

    assert body_length(head) == length
    assert is_chunked(head) == chunked


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Length: 7", "Content-Length: 8"],
        ["Content-Length: 7, 8"],
        ["Content-Length: -7"],
        ["Content-Length: +7"],
        ["Content-Length: 7.0"],
        ["Content-Length: 0x7"],
        ["Content-Length: ٧"],
        ["Content-Length: 9999999999999999999"],
        ["Content-Length:"],
        ["Content-Length: 7", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: gzip, chunked"],
        ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        ["Transfer-Encoding: identity"],
    ],
)
def test_a_head_that_contradicts_itself_about_the_body_is_not_http(lines: list[str]) -> None:
    head = parse_head(with_headers(*lines))

    with pytest.raises(NotHttpError):
        body_length(head)


@pytest.mark.parametrize(
    ("raw", "keeps_open"),
    [
        (with_headers("Connection: keep-alive"), True),
        (with_headers("Connection: Close"), False),
        (with_headers("Connection: upgrade, close"), False),
        (b"HTTP/1.0 200 OK", False),
    ],
)
def test_a_connection_is_kept_only_where_the_head_allows_it(raw: bytes, keeps_open: bool) -> None:  # noqa: FBT001
    assert parse_head(raw).keeps_open == keeps_open
