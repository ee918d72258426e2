import base64
import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from api.errors import Unauthorized
from api.tokens import issue_token, open_key, public_keys, read_token

KEY = RSAKey.generate_key(2048)
KEY.ensure_kid()
NOW = 1_700_000_000


def token_for(client_id: str, *, now: int = NOW, key: RSAKey = KEY) -> str:
    return issue_token(key, client_id=client_id, scope="read", seconds=3600, now=now)


@given(st.text(max_size=40))
@settings(derandomize=True, max_examples=40, deadline=None)
def test_the_payload_decodes_by_the_standard_alphabet_of_base64(client_id: str) -> None:
    payload = token_for(client_id).split(".")[1]

    # As sentinelhub-py does it: standard alphabet, which drops - and _ without a word.
    claims = json.loads(base64.b64decode(payload + "=" * (-len(payload) % 4)))

    assert (claims["azp"], claims["exp"]) == (client_id, NOW + 3600)
    assert not set(payload) & {"-", "_"}


def test_a_token_is_read_back() -> None:
    claims = read_token(KEY, token_for("abc"), now=NOW + 3599)

    assert (claims["azp"], claims["sub"], claims["iss"]) == ("abc", "abc", "cogmill")


def test_an_expired_token_is_refused() -> None:
    with pytest.raises(Unauthorized, match="expired"):
        read_token(KEY, token_for("abc"), now=NOW + 3600)


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", "a" * 5000, "é.ü.ß", "..", "\x00"])
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(Unauthorized):
        read_token(KEY, text, now=NOW)


def test_a_token_of_another_key_is_refused() -> None:
    stranger = RSAKey.generate_key(2048)
    stranger.ensure_kid()

    with pytest.raises(Unauthorized):
        read_token(KEY, token_for("abc", key=stranger), now=NOW)


def test_an_unsigned_token_is_refused() -> None:
    payload = token_for("abc").split(".")[1]
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")

    with pytest.raises(Unauthorized):
        read_token(KEY, f"{header}.{payload}.", now=NOW)


@pytest.mark.parametrize(
    "header",
    [
        b"[" * 40_000,
        b'{"alg":[]}',
        b'{"alg":"RS256","crit":7}',
        b'{"alg":"RS256","crit":["b64"],"b64":false}',
        b'{"alg":"RS256","kid":{}}',
        b'{"alg":"HS256"}',
        b'{"alg":"\\ud800"}',
        b'"RS256"',
        b"7",
        b"\xff",
    ],
)
def test_a_token_with_an_odd_header_is_refused(header: bytes) -> None:
    first = base64.urlsafe_b64encode(header).decode().rstrip("=")
    _, payload, signature = token_for("abc").split(".")

    with pytest.raises(Unauthorized):
        read_token(KEY, f"{first}.{payload}.{signature}", now=NOW)


def test_others_verify_a_token_by_the_published_keys() -> None:
    published = KeySet.import_key_set(public_keys(KEY))  # type: ignore[arg-type]  # TypedDict

    token = jwt.decode(token_for("abc"), published, algorithms=["RS256"])

    assert token.claims["azp"] == "abc"


def test_the_published_keys_hold_no_secret() -> None:
    names = {name for key in public_keys(KEY)["keys"] for name in key}

    assert names == {"kty", "n", "e", "kid", "alg", "use"}


def test_processes_that_start_together_share_one_key(tmp_path: Path) -> None:
    path = tmp_path / "new" / "key.pem"
    with ThreadPoolExecutor(4) as pool:
        kids = {key.kid for key in pool.map(open_key, [path] * 4)}

    assert len(kids) == 1
    assert [file.name for file in path.parent.iterdir()] == ["key.pem"]


def test_only_its_owner_reads_the_key(tmp_path: Path) -> None:
    open_key(tmp_path / "key.pem")

    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
