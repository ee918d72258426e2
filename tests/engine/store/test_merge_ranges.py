from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.store.coalesce import Span, merge_ranges
from engine.store.protocol import ByteRange

positions = st.integers(0, 60)
any_ranges = st.lists(
    st.builds(lambda start, size: ByteRange(start, start + size), positions, st.integers(0, 15)),
    max_size=8,
)


@st.composite
def disjoint_ranges(draw: st.DrawFn) -> list[ByteRange]:
    edges = sorted(draw(st.sets(positions, max_size=14)))
    pairs = [ByteRange(a, b) for a, b in pairwise(edges)][::2]
    return draw(st.permutations(pairs))


def fewest_spans(ranges: list[ByteRange], *, max_gap: int, max_span: int) -> int:
    """Try every way to cut the sorted, disjoint ranges into runs; return the fewest allowed."""
    ordered = sorted(ranges)

    def allowed(run: list[ByteRange]) -> bool:
        gaps = [after.start - before.stop for before, after in pairwise(run)]
        span = run[-1].stop - run[0].start
        return len(run) == 1 or (max(gaps) <= max_gap and span <= max_span)

    best = len(ordered)
    for cuts in range(1 << max(len(ordered) - 1, 0)):
        runs: list[list[ByteRange]] = []
        for i, one in enumerate(ordered):
            if i == 0 or cuts >> (i - 1) & 1:
                runs.append([])
            runs[-1].append(one)
        if all(map(allowed, runs)):
            best = min(best, len(runs))
    return best


@settings(derandomize=True, max_examples=400, deadline=None)
@given(ranges=any_ranges, max_gap=st.integers(0, 10), max_span=st.integers(1, 40))
def test_every_range_with_bytes_lies_inside_exactly_one_span(
    ranges: list[ByteRange], max_gap: int, max_span: int
) -> None:
    spans = merge_ranges(ranges, max_gap=max_gap, max_span=max_span)

    answered = [i for span in spans for i in span.parts]
    assert sorted(answered) == [i for i, one in enumerate(ranges) if one.size]
    for span in spans:
        parts = [ranges[i] for i in span.parts]
        assert span.range.start == min(one.start for one in parts)
        assert span.range.stop == max(one.stop for one in parts)


@settings(derandomize=True, max_examples=400, deadline=None)
@given(ranges=any_ranges, max_gap=st.integers(0, 10), max_span=st.integers(1, 40))
def test_no_span_holds_a_gap_or_a_length_that_is_not_allowed(
    ranges: list[ByteRange], max_gap: int, max_span: int
) -> None:
    spans = merge_ranges(ranges, max_gap=max_gap, max_span=max_span)

    for span in spans:
        parts = sorted(ranges[i] for i in span.parts)
        covered = {byte for one in parts for byte in range(one.start, one.stop)}
        unwanted = gap = 0
        for byte in range(span.range.start, span.range.stop):
            gap = 0 if byte in covered else gap + 1
            unwanted = max(unwanted, gap)
        assert unwanted <= max_gap
        assert span.range.size <= max(max_span, *(one.size for one in parts))
    assert len(spans) <= len(ranges)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(ranges=disjoint_ranges(), max_gap=st.integers(0, 10), max_span=st.integers(1, 40))
def test_no_other_cut_needs_fewer_requests(
    ranges: list[ByteRange], max_gap: int, max_span: int
) -> None:
    spans = merge_ranges(ranges, max_gap=max_gap, max_span=max_span)

    assert len(spans) == fewest_spans(ranges, max_gap=max_gap, max_span=max_span)


def test_two_neighbors_merge_over_the_gap_that_is_allowed_and_no_larger() -> None:
    ranges = [ByteRange(100, 110), ByteRange(0, 92)]

    assert merge_ranges(ranges, max_gap=8, max_span=110) == (
        Span(range=ByteRange(0, 110), parts=(1, 0)),
    )
    assert len(merge_ranges(ranges, max_gap=7, max_span=110)) == 2
    assert len(merge_ranges(ranges, max_gap=8, max_span=109)) == 2


def test_a_range_longer_than_the_longest_span_is_read_whole() -> None:
    ranges = [ByteRange(0, 100), ByteRange(40, 50), ByteRange(100, 101)]

    spans = merge_ranges(ranges, max_gap=8, max_span=20)

    assert [span.range for span in spans] == [ByteRange(0, 100), ByteRange(100, 101)]
