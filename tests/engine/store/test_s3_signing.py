"""Our signatures are those that botocore makes."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.session import Session

from engine.store.s3_signing import EXAMPLE_KEY, signer_like

SECRET = "hidden/secret+of=a test"  # noqa: S105 - nobody's
KEYS = [
    "a.tif",
    "tiles/31/U/FQ/2026/7/1/0/B04.tif",
    "a b/+%/ü€😀/~-_.tif",
    "(1)*'!$&,;=:@[]?#|\\^`<>{}\".tif",
    "%41/%2f",
    "\x01\x7f",
    "deep/" * 100 + "x",
]


def client(**options: Any) -> Any:
    session = Session()
    session.set_credentials("AKIDEXAMPLE", SECRET, options.pop("token", None))
    version = options.pop("signature_version", "s3v4")
    addressing = options.pop("addressing", "virtual")
    return session.create_client(
        "s3",
        region_name="eu-central-1",
        config=Config(signature_version=version, s3={"addressing_style": addressing}),
        **options,
    )


PLACES: dict[str, dict[str, Any]] = {
    "AWS": {},
    "AWS by path": {"addressing": "path"},
    "a port": {"endpoint_url": "http://127.0.0.1:9000", "addressing": "path"},
    "a path": {"endpoint_url": "https://minio.example/below", "addressing": "path"},
    "a token": {"token": "to/ken+=="},
    "nobody": {"signature_version": UNSIGNED},
}


@pytest.fixture(scope="module", params=PLACES)
def place(request: pytest.FixtureRequest) -> Any:
    return client(**PLACES[request.param])


def signed_by_botocore(place: Any, key: str, *, pays: bool) -> str:
    parameters = {"Bucket": "our-bucket", "Key": key}
    if pays:
        parameters["RequestPayer"] = "requester"
    url: str = place.generate_presigned_url("get_object", Params=parameters, ExpiresIn=900)
    return url


def parsed(url: str) -> tuple[str, str, str, dict[str, list[str]]]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc, parts.path, parse_qs(parts.query)


@pytest.mark.parametrize("pays", [False, True])
@pytest.mark.parametrize("key", KEYS)
def test_each_key_is_signed_as_botocore_signs_it(place: Any, key: str, *, pays: bool) -> None:
    while True:
        example = signed_by_botocore(place, EXAMPLE_KEY, pays=pays)
        expected = parsed(signed_by_botocore(place, key, pays=pays))
        date = parsed(example)[3].get("X-Amz-Date")
        # Both of the same second, which is almost always so at once.
        if date == expected[3].get("X-Amz-Date"):
            break
    headers = {"x-amz-request-payer": "requester"} if pays else {}
    signer = signer_like(example, secret=SECRET, headers=headers)

    assert signer is not None
    assert parsed(signer.sign(key)) == expected


@pytest.mark.parametrize("secret", [SECRET + "x", "", None])
def test_whose_signature_cannot_be_made_again_is_not_signed_for(secret: str | None) -> None:
    example = signed_by_botocore(client(), EXAMPLE_KEY, pays=False)

    assert signer_like(example, secret=secret, headers={}) is None


def test_headers_that_were_signed_but_are_not_sent_are_not_signed_for() -> None:
    example = signed_by_botocore(client(), EXAMPLE_KEY, pays=True)

    assert signer_like(example, secret=SECRET, headers={}) is None


def test_an_address_that_does_not_end_in_the_key_is_not_signed_for() -> None:
    example = signed_by_botocore(client(), "another.tif", pays=False)

    assert signer_like(example, secret=SECRET, headers={}) is None
