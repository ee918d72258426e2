"""Which data source is read by which input of the script."""

import pytest

from engine.errors import RequestError
from engine.plan.match import match_inputs
from engine.request import Input
from evalscripts.setup import SetupInput


def sources(*ids: str) -> list[Input]:
    return [Input(id=name, collection=f"collection of {name}") for name in ids]


def wanted(*datasources: str | None) -> list[SetupInput]:
    return [
        SetupInput(bands=(f"B{index}",), units=(None,), datasource=name)
        for index, name in enumerate(datasources)
    ]


@pytest.mark.parametrize(
    ("ids", "datasources", "expected"),
    [
        (("0", "1"), (None, None), {"0": "B0", "1": "B1"}),
        (("s2", "s1"), ("s1", "s2"), {"s2": "B1", "s1": "B0"}),
        (("s2", "s1"), (None, "s1"), {"s2": "B0", "s1": "B1"}),
        (("0", "1"), ("1", "0"), {"0": "B1", "1": "B0"}),
        (("s2",), (None,), {"s2": "B0"}),
    ],
)
def test_inputs_find_their_source_by_name_or_position(
    ids: tuple[str, ...], datasources: tuple[str | None, ...], expected: dict[str, str]
) -> None:
    pairs = match_inputs(sources(*ids), wanted(*datasources))

    assert {source.id: one.bands[0] for source, one in pairs} == expected
    assert [source.collection for source, _ in pairs] == [f"collection of {name}" for name in ids]


def test_one_of_each_belong_together_and_the_script_names_it() -> None:
    [(source, _)] = match_inputs(sources("0"), wanted("s2"))

    assert (source.id, source.collection) == ("s2", "collection of 0")


@pytest.mark.parametrize(
    ("ids", "datasources", "message"),
    [
        (
            ("0", "1"),
            (None,),
            (
                "the request has 2 data sources (0, 1), but setup() of the script has 1 input; "
                "each data source needs an input of its own"
            ),
        ),
        (
            ("s2",),
            ("s2", "s1"),
            (
                "the request has 1 data source (s2), but setup() of the script has 2 inputs; "
                "each data source needs an input of its own"
            ),
        ),
        (
            ("s2", "s1"),
            ("s2", "dem"),
            (
                "input[1] of the script reads datasource 'dem', which the request does not have; "
                "it has: s2, s1"
            ),
        ),
        (
            ("s2", "s1"),
            ("s1", "s1"),
            (
                "input[0] and input[1] of the script both read data source 's1'; "
                "give each input a datasource of its own"
            ),
        ),
        (
            ("s2", "s1"),
            ("s1", None),
            (
                "input[0] and input[1] of the script both read data source 's1'; "
                "give each input a datasource of its own"
            ),
        ),
    ],
)
def test_a_half_that_is_missing_or_claimed_twice_is_named(
    ids: tuple[str, ...], datasources: tuple[str | None, ...], message: str
) -> None:
    with pytest.raises(RequestError) as caught:
        match_inputs(sources(*ids), wanted(*datasources))

    assert (caught.value.message, caught.value.where) == (message, "input->data")
