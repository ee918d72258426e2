"""`collections`, `ingest`, `scenes`, `client`, `info`."""

import json
import shutil
from pathlib import Path

import pytest

from api.settings import describe
from engine.sample import COMPANIONS
from evalscripts.library import list_scripts
from tests.builders.commands import Run

COLLECTION = "sentinel-2-l2a"


@pytest.fixture
def files(demo_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one good scene and three files that are none."""
    folder = tmp_path / "flights"
    scene = next((demo_home / "scenes").glob("S2B*T32*"))
    shutil.copytree(scene, folder / scene.name)
    whole = next(scene.glob("*B04*")).read_bytes()
    (folder / "page.tif").write_text("<html>not found</html>")
    (folder / "short.tif").write_bytes(whole[:50])
    (folder / "empty.tif").write_bytes(b"")
    monkeypatch.setenv("COGMILL_DATA_ROOTS", str(folder))
    return folder


def test_the_demo_is_listed_newest_first(run_demo: Run) -> None:
    rows = json.loads(run_demo("scenes", COLLECTION, "--limit", "5", "--json").out)

    sensed = [row["sensed"] for row in rows]
    assert len(rows) == 5
    assert sensed == sorted(sensed, reverse=True)
    assert "B04" in rows[0]["bands"]


def test_people_are_told_how_many_more_scenes_there_are(run_demo: Run) -> None:
    done = run_demo("scenes", COLLECTION, "--limit", "5")

    assert len(done.out.splitlines()) == 7
    assert done.out.endswith("… and 13 more; see --limit\n")


def test_collections_with_scenes_come_first(run_demo: Run) -> None:
    found = json.loads(run_demo("collections", "list", "--json").out)

    assert (found[0]["id"], found[0]["scenes"]) == (COLLECTION, 18)
    assert [one["scenes"] for one in found] == sorted(
        (one["scenes"] for one in found), reverse=True
    )
    assert {one["id"] for one in found if one["scenes"]} == {COLLECTION, *COMPANIONS}


def test_a_collection_is_shown_with_its_bands_and_span(run_demo: Run) -> None:
    found = json.loads(run_demo("collections", "show", "S2L2A", "--json").out)
    told = run_demo("collections", "show", COLLECTION).out

    red = next(band for band in found["bands"] if band["name"] == "B04")
    assert red["units"] == ["REFLECTANCE", "DN"]
    assert [text[:10] for text in found["sensed"]] == ["2021-08-12", "2022-07-13"]
    assert "Red, 665 nm" in told


def test_what_is_unreadable_is_refused_by_name_and_reason_and_the_rest_taken(
    run: Run, files: Path
) -> None:
    done = run("ingest", COLLECTION, str(files), "--json")

    report = json.loads(done.out)
    refused = {one["name"]: one["reason"] for one in report["refused"]}
    assert done.code == 0
    assert len(report["scenes"]) == 1
    assert len(report["scenes"][0]["bands"]) == 13
    assert set(refused) == {"flights/page.tif", "flights/short.tif", "flights/empty.tif"}
    assert all(reason for reason in refused.values())
    assert str(files) not in done.out


def test_people_are_told_what_was_understood_and_refused(run: Run, files: Path) -> None:
    done = run("ingest", COLLECTION, str(files))

    assert "1 scenes registered, 3 refused" in done.out
    assert "warning: refused flights/page.tif: " in done.err


def test_where_everything_is_refused_the_exit_code_says_so(run: Run, files: Path) -> None:
    done = run("ingest", COLLECTION, str(files / "page.tif"))

    assert done.code == 4
    assert "warning: refused flights/page.tif: " in done.err


def test_ingesting_twice_replaces(run: Run, files: Path) -> None:
    run("ingest", COLLECTION, str(files))
    run("ingest", COLLECTION, str(files))

    assert len(json.loads(run("scenes", COLLECTION, "--json").out)) == 1


def test_a_collection_of_ones_own_lives_from_create_to_remove(run: Run, files: Path) -> None:
    made = json.loads(run("collections", "create", "Flights", "--json").out)
    [picture] = files.glob("*/*B04*")
    taken = run("ingest", made["id"], str(picture), "--date", "2026-05-01", "--json")
    shown = json.loads(run("collections", "show", made["id"], "--json").out)
    kept = run("collections", "remove", made["id"])
    removed = run("collections", "remove", made["id"], "--with-scenes")
    gone = run("collections", "show", made["id"])

    assert json.loads(taken.out)["scenes"][0]["sensed"].startswith("2026-05-01")
    assert (shown["title"], shown["scenes"]) == ("Flights", 1)
    assert "--with-scenes" in kept.error
    assert kept.code == 1
    assert removed.out == f"removed {made['id']} and 1 scenes\n"
    assert gone.code == 3
    assert picture.is_file()


def test_an_empty_catalog_says_where_it_is_and_what_to_do(run: Run, tmp_path: Path) -> None:
    done = run("scenes", "dem")

    assert str(tmp_path / "cogmill-data") in done.out
    assert "cogmill ingest dem" in done.out


def test_a_client_is_made_listed_without_its_secret_and_removed(run: Run) -> None:
    made = json.loads(run("client", "create", "field team", "--json").out)
    listed = run("client", "list", "--json")
    told = run("client", "list")
    run("client", "remove", made["client_id"])
    after = run("client", "list")

    assert [one["client_id"] for one in json.loads(listed.out)] == [made["client_id"]]
    assert made["client_secret"] not in listed.out + told.out
    assert "field team" in told.out
    assert "no clients yet" in after.out


def test_info_names_the_home_and_every_ready_script(run: Run, tmp_path: Path) -> None:
    facts = json.loads(run("info", "--json").out)

    assert facts["home"] == str(tmp_path / "cogmill-data")
    assert facts["scripts"] == [script.id for script in list_scripts()]


def test_info_prints_the_page_of_all_settings(run: Run) -> None:
    assert run("info", "--settings").out == describe()
