"""Texts that are made to keep the server from its other work while it reads them."""

import time

import pytest

from evalscripts.syntax import Unparsed, parse

SIZE = 256 * 1024
OPEN = {"calls": "(a,", "defaults": "(a=", "patterns": "[a=", "objects": "({a:"}
FULL = {
    **OPEN,
    "braces": "{",
    "signs of closing in comments": "(a,//)\n",
    "signs of closing in texts": "['[]',",
    "signs of closing in expressions": "(a=/)/,",
    "templates": "`${",
    "lists": "[1],",
}


@pytest.mark.parametrize("name", FULL)
def test_a_text_that_is_left_open_is_given_up_soon(name: str) -> None:
    text = FULL[name] * (SIZE // len(FULL[name]))
    # The processor's time: the grammar lets no other thread run while it makes up what is missing.
    started = time.thread_time()
    with pytest.raises(Unparsed):
        parse(text)
    took = time.thread_time() - started

    assert took < 0.25


@pytest.mark.parametrize("name", OPEN)
def test_as_many_open_brackets_as_there_may_be_are_given_up_soon(name: str) -> None:
    started = time.thread_time()
    with pytest.raises(Unparsed):
        parse(OPEN[name] * 5000)
    took = time.thread_time() - started

    assert took < 0.5


def test_a_long_table_is_read() -> None:
    rows = ",".join(["[0.1, [1, 2, 3]]"] * 4000)

    assert len(parse(f"const table = [{rows}];").body) == 1
