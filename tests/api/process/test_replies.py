from typing import Any

import pytest

from api.errors import NotAcceptable
from api.process.replies import Replies, Reply, choose_replies
from api.process.schema import WantedResponse
from engine.errors import RequestError, UnsupportedFormat
from evalscripts.setup import SampleType, SetupOutput

PNG, TIFF, JPEG, JSON = "image/png", "image/tiff", "image/jpeg", "application/json"


OUTPUTS = (
    SetupOutput(id="default", bands=3, sample_type=SampleType.AUTO),
    SetupOutput(id="index", bands=1, sample_type=SampleType.FLOAT32),
    SetupOutput(id="many", bands=7, sample_type=SampleType.UINT16),
)


def choose(*responses: dict[str, Any], accept: str | None = None) -> Replies:
    wanted = [WantedResponse.model_validate(response) for response in responses]
    return choose_replies(wanted, OUTPUTS, accept=accept)


def response(identifier: str, kind: str | None = None, **more: Any) -> dict[str, Any]:
    chosen = {} if kind is None else {"type": kind}
    return {"identifier": identifier, "format": {**chosen, **more}}


def test_without_responses_default_is_a_png() -> None:
    assert choose() == Replies(
        files=(Reply(identifier="default", media_type=PNG),), is_archive=False
    )


def test_jpegs_quality_is_90_unless_said() -> None:
    qualities = [
        choose(response("default", JPEG)).files[0].quality,
        choose(response("default", JPEG, quality=0)).files[0].quality,
    ]

    assert qualities == [90, 0]


def test_user_data_is_json_and_no_output_of_the_script() -> None:
    replies = choose(response("default", TIFF), response("userdata"))

    assert [file.media_type for file in replies.files] == [TIFF, JSON]
    assert (replies.is_archive, replies.outputs) == (True, ("default",))


def test_user_data_alone_is_no_archive() -> None:
    replies = choose(response("userdata", JSON), accept=JSON)

    assert (replies.is_archive, replies.outputs) == (False, ())


@pytest.mark.parametrize(
    ("accept", "media_type", "is_archive"),
    [
        (None, PNG, False),
        ("*/*", PNG, False),
        ("image/*", PNG, False),
        (PNG, PNG, False),
        (TIFF, TIFF, False),
        ("image/jpeg;q=0.9, image/webp", "image/webp", False),
        ("text/html, */*;q=0.1", PNG, False),
        ("application/octet-stream", "application/octet-stream", False),
        ("application/x-npy", "application/x-npy", False),
        ("application/tar", PNG, True),
        ("application/x-tar", PNG, True),
    ],
)
def test_accept_overrides_the_format_of_a_single_file(
    accept: str | None, media_type: str, *, is_archive: bool
) -> None:
    replies = choose(accept=accept)

    assert (replies.files[0].media_type, replies.is_archive) == (media_type, is_archive)


@pytest.mark.parametrize("accept", [None, "*/*", "application/x-tar", PNG])
def test_several_files_are_an_archive_whatever_is_accepted(accept: str | None) -> None:
    replies = choose(response("default", PNG), response("index", TIFF), accept=accept)

    assert replies.is_archive
    assert [file.media_type for file in replies.files] == [PNG, TIFF]


@pytest.mark.parametrize("accept", ["text/html", "multipart/mixed", "application/json"])
def test_what_cannot_be_had_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable, match=accept):
        choose(accept=accept)


@pytest.mark.parametrize(
    ("asked", "where", "text"),
    [
        (response("ndvi"), "output->responses[0]->identifier", "default, index, many"),
        (response("default", "image/gif"), "output->responses[0]->format->type", "image/gif"),
        (response("default", JSON), "output->responses[0]->format->type", "."),
        (response("many", PNG), "output->responses[0]->format->type", "."),
        (response("index", JPEG), "output->responses[0]->format->type", "."),
        (response("index", PNG), "output->responses[0]->format->type", "."),
        (response("userdata", PNG), "output->responses[0]->format->type", "application/json"),
    ],
)
def test_a_file_that_cannot_be_made_is_refused_before_a_pixel_is_read(
    asked: dict[str, Any], where: str, text: str
) -> None:
    with pytest.raises((RequestError, UnsupportedFormat), match=text) as caught:
        choose(asked)

    assert caught.value.where == where


def test_one_output_may_be_had_in_two_formats_but_not_twice_in_one() -> None:
    assert choose(response("default", PNG), response("default", TIFF)).outputs == ("default",)

    with pytest.raises(RequestError, match="twice"):
        choose(response("default", PNG), response("default", PNG))
