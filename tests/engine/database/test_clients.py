"""Clients prove who they are by a secret that nobody can read back."""

import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import select

from engine.database.clients import ClientStore, hash_secret, is_secret
from engine.database.connection import Database, open_database
from engine.database.schema import clients
from engine.errors import NotFound, RequestError
from tests.builders.waiting import Await, wait

__all__ = ["wait"]


@pytest.fixture
def database(wait: Await) -> Iterator[Database]:
    database = wait(open_database("sqlite://"))
    yield database
    wait(database.close())


def test_a_client_is_verified_by_its_own_secret_only(database: Database, wait: Await) -> None:
    store = ClientStore(database)
    one = wait(store.create("one", scopes=["read", "admin", "read"]))
    other = wait(store.create("other"))

    assert wait(store.verify(one.client.id, one.secret)) == one.client
    assert wait(store.verify(one.client.id, other.secret)) is None
    assert wait(store.verify(one.client.id, one.secret + "x")) is None
    assert wait(store.verify(one.client.id, "")) is None
    assert wait(store.verify("nobody", one.secret)) is None
    assert one.client.scopes == ("admin", "read")


def test_the_secret_itself_is_stored_nowhere(database: Database, wait: Await) -> None:
    made = wait(ClientStore(database).create("one"))
    rows = wait(database.read(lambda connection: connection.execute(select(clients)).all()))

    assert made.secret not in repr(rows)
    assert rows[0].secret.startswith("scrypt$14$8$1$")


def test_a_stored_hash_is_scrypt_as_openssl_computes_it() -> None:
    _, log2_n, r, p, salt, digest = hash_secret("open sesame").split("$")
    expected = hashlib.scrypt(
        b"open sesame", salt=bytes.fromhex(salt), n=2 ** int(log2_n), r=int(r), p=int(p), dklen=32
    )

    assert digest == expected.hex()


def test_equal_secrets_have_different_hashes() -> None:
    assert hash_secret("same") != hash_secret("same")


def test_a_secret_beyond_the_limit_is_never_right() -> None:
    hashed = hash_secret("x" * 256)

    assert is_secret("x" * 256, hashed)
    assert not is_secret("x" * 257, hashed)


def test_clients_are_listed_found_and_removed(database: Database, wait: Await) -> None:
    store = ClientStore(database)
    made = [wait(store.create(name)).client for name in ("first", "second")]

    assert list(wait(store.list())) == made
    assert wait(store.find(made[0].id)) == made[0]

    wait(store.remove(made[0].id))

    assert list(wait(store.list())) == made[1:]
    assert wait(store.find(made[0].id)) is None
    with pytest.raises(NotFound):
        wait(store.remove(made[0].id))


@pytest.mark.parametrize(("name", "scopes"), [("", ["read"]), ("x" * 201, []), ("x", ["a b"])])
def test_odd_names_and_scopes_are_refused(
    database: Database, wait: Await, name: str, scopes: list[str]
) -> None:
    with pytest.raises(RequestError):
        wait(ClientStore(database).create(name, scopes=scopes))
