from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import PREFIX, Settings, describe, load_settings, publish


def test_the_page_of_settings_is_the_generated_one() -> None:
    page = Path("api/SETTINGS.md").read_text(encoding="utf-8")

    assert page == describe()


def test_every_setting_says_what_it_is() -> None:
    silent = [name for name, field in Settings.model_fields.items() if not field.description]

    assert silent == []


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cogmill.toml"
    file.write_text('port = 9001\nhosts = ["a.example"]\n')
    monkeypatch.setenv("COGMILL_SETTINGS", str(file))
    monkeypatch.setenv("COGMILL_PORT", "9002")

    settings = load_settings()

    assert (settings.port, settings.hosts) == (9002, ("a.example",))


def test_a_list_in_the_environment_is_parts_between_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGMILL_DATA_ROOTS", "/data, /more data")

    assert load_settings().data_roots == (Path("/data"), Path("/more data"))


def test_processes_started_later_read_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("port", "hosts", "anonymous_read", "home")
    for name in names:
        monkeypatch.setenv(PREFIX + name.upper(), "")
    chosen = Settings(port=9003, hosts=("a", "b"), anonymous_read=True, home=Path("/srv/x"))

    publish(chosen)

    assert load_settings() == chosen


def test_an_unknown_setting_in_the_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cogmill.toml"
    file.write_text("prot = 9001\n")
    monkeypatch.setenv("COGMILL_SETTINGS", str(file))

    with pytest.raises(ValidationError, match="prot"):
        load_settings()


def test_a_missing_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COGMILL_SETTINGS", "/nowhere/cogmill.toml")

    with pytest.raises(FileNotFoundError, match="COGMILL_SETTINGS"):
        load_settings()
