"""What every `Catalog` of our own must hold of its collections."""

import math

import pytest

from engine.catalog.collection import EVERYONE
from engine.catalog.form import to_form
from engine.catalog.protocol import Catalog
from engine.catalog.search import SceneQuery
from engine.errors import Conflict, NotFound, UnknownCollection
from engine.geo.bbox import BBox
from engine.geo.crs import WGS84
from tests.builders.scenes import make_collection, make_scene
from tests.builders.waiting import Await


class CollectionContract:
    """Laws of collections; the fixture ``catalog`` gives an empty catalog."""

    def test_a_collection_comes_back_as_it_was_given(self, catalog: Catalog, wait: Await) -> None:
        given = make_collection(missing=math.nan, max_meters_per_pixel=1500.0, is_timeless=True)
        wait(catalog.add_collection(given))
        found = wait(catalog.collection("fields"))

        assert to_form(found) == to_form(given)
        assert math.isnan(found.missing)
        assert list(found.bands) == ["red", "classes"]

    @pytest.mark.parametrize(
        ("account", "seen"),
        [
            (None, ["alone", "everyones", "fields", "shared"]),
            ("ann", ["alone", "everyones", "fields", "shared"]),
            ("ben", ["everyones", "fields", "shared"]),
            ("", ["everyones", "fields"]),
        ],
    )
    def test_an_account_sees_what_is_open_to_it(
        self, catalog: Catalog, wait: Await, account: str | None, seen: list[str]
    ) -> None:
        wait(catalog.add_collection(make_collection()))
        wait(catalog.add_collection(make_collection("alone", account="ann")))
        friends = frozenset({"ben"})
        wait(catalog.add_collection(make_collection("shared", account="ann", shared_with=friends)))
        everyone = frozenset({EVERYONE})
        wait(
            catalog.add_collection(
                make_collection("everyones", account="ann", shared_with=everyone)
            )
        )

        assert [one.id for one in wait(catalog.collections(account))] == seen
        for name in ("alone", "everyones", "fields", "shared"):
            if name in seen:
                assert wait(catalog.collection(name, account)).id == name
            else:
                with pytest.raises(UnknownCollection) as caught:
                    wait(catalog.collection(name, account))
                hidden = {"alone", "shared"} - set(seen) - {name}
                assert not any(one in caught.value.message for one in hidden)

    def test_collections_are_sorted_by_id(self, catalog: Catalog, wait: Await) -> None:
        for collection_id in ("b", "c", "a"):
            wait(catalog.add_collection(make_collection(collection_id)))

        assert [one.id for one in wait(catalog.collections())] == ["a", "b", "c"]

    def test_an_unknown_collection_is_refused_by_naming_those_there_are(
        self, catalog: Catalog, wait: Await
    ) -> None:
        wait(catalog.add_collection(make_collection("meadows")))

        with pytest.raises(UnknownCollection, match="'nowhere'; there are: meadows"):
            wait(catalog.collection("nowhere"))
        with pytest.raises(UnknownCollection, match="'fields'"):
            wait(catalog.add_scenes([make_scene()]))

    def test_an_id_is_taken_once(self, catalog: Catalog, wait: Await) -> None:
        wait(catalog.add_collection(make_collection()))

        with pytest.raises(Conflict):
            wait(catalog.add_collection(make_collection(title="Other")))
        assert wait(catalog.collection("fields")).title == "Fields"

    def test_replacing_writes_anew_and_keeps_the_scenes(
        self, catalog: Catalog, wait: Await
    ) -> None:
        wait(catalog.add_collection(make_collection()))
        wait(catalog.add_scenes([make_scene("one")]))
        wait(catalog.collection("fields"))
        wait(catalog.replace_collection(make_collection(title="Other")))

        assert wait(catalog.collection("fields")).title == "Other"
        found = wait(catalog.search(SceneQuery(collection="fields")))
        assert [scene.name for scene in found] == ["one"]

    def test_removing_forgets_the_scenes_too(self, catalog: Catalog, wait: Await) -> None:
        wait(catalog.add_collection(make_collection()))
        wait(catalog.add_scenes([make_scene("one")]))
        wait(catalog.remove_collection("fields"))
        wait(catalog.add_collection(make_collection()))

        area = (BBox(left=10, bottom=45, right=11, top=46, crs=WGS84),)
        for query in (
            SceneQuery(collection="fields"),
            SceneQuery(collection="fields", area=area),
        ):
            assert wait(catalog.search(query)) == []

    def test_what_is_not_there_cannot_be_changed(self, catalog: Catalog, wait: Await) -> None:
        with pytest.raises(NotFound):
            wait(catalog.replace_collection(make_collection()))
        with pytest.raises(NotFound):
            wait(catalog.remove_collection("fields"))
        with pytest.raises(NotFound):
            wait(catalog.remove_scene("fields", "x"))
