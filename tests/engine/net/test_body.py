import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.net.body import ChunkedBody, ClosedBody, TooLongError
from engine.net.head import NotHttpError


def in_chunks(content: bytes, sizes: list[int]) -> bytes:
    """Return ``content`` as RFC 9112 §7.1 has it, cut after each of ``sizes``."""
    wire = b""
    for size in sizes:
        piece, content = content[:size], content[size:]
        if piece:
            wire += b"%x;note=1\r\n%b\r\n" % (len(piece), piece)
    if content:
        wire += b"%X\r\n%b\r\n" % (len(content), content)
    return wire + b"0\r\nTrailer: dropped\r\n\r\n"


@settings(derandomize=True, max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=300),
    sizes=st.lists(st.integers(1, 90), max_size=6),
    cuts=st.lists(st.integers(1, 40), max_size=40),
)
def test_chunks_give_what_was_cut_into_them_however_they_arrive(
    content: bytes, sizes: list[int], cuts: list[int]
) -> None:
    wire = in_chunks(content, sizes)
    body = ChunkedBody(300)
    ended = []
    for cut in [*cuts, len(wire)]:
        piece, wire = wire[:cut], wire[cut:]
        if piece:
            ended.append(body.feed(piece))

    assert body.content == content
    assert ended == [False] * (len(ended) - 1) + [True]


@pytest.mark.parametrize(
    "wire",
    [
        b"\r\n",
        b"x\r\n",
        b"-1\r\n",
        b"0x5\r\n",
        b"5 5\r\n",
        b"3\r\nabcd\r\n",
        b"3\r\nabc\rd",
        b"3\nabc\r\n",
        b"fffffffffffffffff\r\n",
        b"0\r\n\r\nHTTP/1.1 200 OK",
        b"1" * 5000,
        b"0\r\n" + b"x" * 5000,
    ],
)
def test_chunks_that_make_no_sense_are_not_http(wire: bytes) -> None:
    with pytest.raises(NotHttpError):
        ChunkedBody(100).feed(wire)


@pytest.mark.parametrize("limit", [0, 4])
def test_chunks_beyond_the_limit_are_refused_by_their_size_alone(limit: int) -> None:
    with pytest.raises(TooLongError):
        ChunkedBody(limit).feed(b"5\r\n")


def test_chunks_are_not_whole_when_the_connection_ends_before_the_last() -> None:
    body = ChunkedBody(100)
    body.feed(b"3\r\nabc\r\n")

    assert not body.end()


def test_a_body_up_to_the_end_is_whole_when_the_connection_ends() -> None:
    body = ClosedBody(6)
    ended = [body.feed(b"abc"), body.feed(b"def")]

    assert ended == [False, False]
    assert body.end()
    assert body.content == b"abcdef"
    with pytest.raises(TooLongError):
        body.feed(b"g")
