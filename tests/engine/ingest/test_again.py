"""What is ingested again keeps its scene; what is another stays another."""

from tests.builders.rooms import S2, Room, room, write
from tests.builders.waiting import wait

__all__ = ["room", "wait"]


def test_ingesting_again_replaces_and_adds_nothing(room: Room) -> None:
    write(room.home / "2024-05-01" / "B02.tif")
    first = room.ingest(S2)
    again = [
        room.ingest(S2, room.home / "2024-05-01"),
        room.ingest(S2, room.home / "2024-05-01" / "B02.tif"),
        room.ingest(S2, f"{room.home}/*/B02.tif"),
        room.ingest(S2, f"{room.home}/2024*"),
    ]

    assert {report.scenes[0].scene_id for report in again} == {first.scenes[0].scene_id}
    assert len(room.scenes(S2)) == 1


def test_folders_of_the_same_name_stay_two_scenes(room: Room) -> None:
    for place in ("x", "y"):
        write(room.home / place / "a" / "2024-05-01" / "B02.tif")
    room.ingest(S2, room.home / "x" / "a")
    report = room.ingest(S2, room.home / "y" / "a")

    assert len(room.scenes(S2)) == 2
    assert report.scenes[0].name != "2024-05-01"
