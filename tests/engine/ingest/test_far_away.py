"""Files behind http and in buckets."""

import json
from pathlib import Path

from engine.net.guard import OutboundPolicy
from engine.store.route import StoreOptions
from engine.store.s3_options import S3Options
from tests.builders.rooms import S2, open_room, write
from tests.builders.servers import MotoS3, Nginx, moto_s3, nginx
from tests.builders.waiting import Await, wait

__all__ = ["moto_s3", "nginx", "wait"]


def test_urls_and_the_assets_of_an_item_there_are_read_over_http(
    tmp_path: Path, wait: Await, nginx: Nginx
) -> None:
    write(nginx.root / "ingest" / "one.tif")
    item = {
        "type": "Feature",
        "id": "item-1",
        "properties": {"datetime": "2024-05-01T10:15:30Z"},
        "assets": {"one": {"href": "one.tif", "eo:bands": [{"name": "B04"}]}},
    }
    (nginx.root / "ingest" / "item.json").write_text(json.dumps(item))
    (nginx.root / "ingest" / "page.tif").write_text("<html>")
    policy = OutboundPolicy(hosts=(nginx.authority,))
    url = f"{nginx.url}/ingest"
    with open_room(wait, tmp_path, StoreOptions(policy=policy)) as room:
        report = room.ingest(S2, f"{url}/item.json", f"{url}/page.tif", f"{url}/gone.tif")
        by_file = room.ingest("dem", f"{url}/one.tif?token=secret")

    assert [(one.name, one.bands) for one in report.scenes] == [("item-1", ("B04",))]
    assert [name for name, _ in report.refused] == ["ingest/page.tif", "ingest/gone.tif"]
    assert len(by_file.scenes) == 1
    assert "secret" not in repr(by_file)


def test_a_prefix_of_a_bucket_is_read(tmp_path: Path, wait: Await, moto_s3: MotoS3) -> None:
    moto_s3.make_bucket("ingest")
    content = write(tmp_path / "x.tif").read_bytes()
    for key in ("2024-05-01/B02.tif", "2024-05-01/B03.tif", "2024-05-02/B02.tif"):
        moto_s3.put("ingest", f"scenes/{key}", content)
    endpoint = S3Options(endpoint_url=moto_s3.endpoint, access_key="a", secret_key="b")  # noqa: S106  moto takes any
    with open_room(wait, tmp_path, StoreOptions(s3=(endpoint,))) as room:
        report = room.ingest(S2, "s3://ingest/scenes/")

    assert not report.refused
    assert [(one.name, one.bands) for one in report.scenes] == [
        ("scenes/2024-05-01", ("B02", "B03")),
        ("scenes/2024-05-02", ("B02",)),
    ]
