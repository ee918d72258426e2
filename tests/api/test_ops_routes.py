"""What machines ask of the server, and what it writes about itself."""

import json
import logging
import sys
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from api.logs import JsonLines
from tests.builders.apis import Served
from tests.builders.apis import body as make_body


def test_a_server_that_serves_is_healthy(served: Served) -> None:
    assert served.client.get("/health").json() == {"status": "ok"}


def test_readiness_names_what_is_missing(served: Served) -> None:
    response = served.client.get("/ready")

    answer = response.json()
    assert answer["database"] is True
    assert response.status_code == (200 if answer["kernels"] else 503)


def test_requests_stages_bytes_and_queues_are_measured(served: Served) -> None:
    assert served.client.post("/api/v1/process", json=make_body()).status_code == 200
    served.client.get("/nowhere/at/all")

    page = served.client.get("/metrics").text

    families = {family.name: family.samples for family in text_string_to_metric_families(page)}
    requests = {
        (s.labels["route"], s.labels["status"])
        for s in families["cogmill_requests"]
        if s.name.endswith("_total")
    }
    stages = {sample.labels["stage"] for sample in families["cogmill_stage_seconds"]}
    assert {("/api/v1/process", "200"), ("none", "404")} <= requests
    assert {"plan", "script", "encode"} <= stages
    assert [sample.value for sample in families["cogmill_running"]] == [0]
    assert [sample.value for sample in families["cogmill_waiting"]] == [0]


def test_a_second_request_of_the_same_is_seen_in_every_caches_hits(served: Served) -> None:
    def hits() -> dict[str, float]:
        page = served.client.get("/metrics").text
        [family] = [
            f for f in text_string_to_metric_families(page) if f.name == "cogmill_cache_hits"
        ]
        return {sample.labels["cache"]: sample.value for sample in family.samples}

    served.client.post("/api/v1/process", json=make_body())
    before = hits()
    served.client.post("/api/v1/process", json=make_body())
    after = hits()

    assert {name for name in after if after[name] > before[name]} == {
        "blocks",
        "scripts",
        "scenes",
        "searches",
        "collections",
    }


def test_the_openapi_page_describes_the_bodies(served: Served) -> None:
    paths = served.client.get("/openapi.json").json()["paths"]

    content = paths["/api/v1/process"]["post"]["requestBody"]["content"]
    assert set(content) == {"application/json", "multipart/form-data"}


def references(value: Any) -> set[str]:
    """Return every ``$ref`` at any depth."""
    if isinstance(value, dict):
        own = {value["$ref"]} if "$ref" in value else set()
        return own.union(*map(references, value.values()))
    return set().union(*map(references, value)) if isinstance(value, list) else set()


def test_the_openapi_page_holds_all_that_it_refers_to(served: Served) -> None:
    page = served.client.get("/openapi.json").json()
    wanted = references(page)

    assert wanted
    assert {name.removeprefix("#/components/schemas/") for name in wanted} <= set(
        page["components"]["schemas"]
    )


def test_the_openapi_page_tells_errors_and_tokens_as_they_are(served: Served) -> None:
    page = served.client.get("/openapi.json").json()
    operations = [one for methods in page["paths"].values() for one in methods.values()]
    process = page["paths"]["/api/v1/process"]["post"]

    assert {status for one in operations for status in one["responses"]} == {"200", "default"}
    assert all(one["summary"] and one["description"] for one in operations)
    assert process["security"] == [{"token": []}]
    assert "security" not in page["paths"]["/oauth/token"]["post"]


def test_the_openapi_examples_are_answered(served: Served) -> None:
    paths = served.client.get("/openapi.json").json()["paths"]
    content = paths["/api/v1/process"]["post"]["requestBody"]["content"]
    body = content["application/json"]["example"]
    tile = paths["/tiles/{collection}/{z}/{x}/{y}.{extension}"]["get"]
    values = {
        one["name"]: one["schema"]["examples"][0]
        for one in tile["parameters"]
        if "examples" in one["schema"]
    }
    query = {name: values.pop(name) for name in ("script", "time")}
    address = "/tiles/{collection}/{z}/{x}/{y}.{extension}".format(**values)

    assert served.client.post("/api/v1/process", json=body).status_code == 200
    assert served.client.get(address, params=query).status_code == 200


def test_a_request_is_one_line_without_secrets(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="cogmill.request"):
        served.client.get(
            "/tiles/sentinel-2-l2a/1/0/0.png?evalscript=hush",
            headers={"authorization": "Bearer secret-token", "x-request-id": "id-1"},
        )

    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    [line] = [line for line in lines if line["logger"] == "cogmill.request"]
    assert (line["request_id"], line["status"], line["level"]) == ("id-1", 401, "info")
    assert line["route"] == "/tiles/{collection}/{z}/{x}/{y}.{extension}"
    assert "secret-token" not in json.dumps(line)
    assert "hush" not in json.dumps(line)


def test_an_exception_is_logged_without_files_of_this_machine() -> None:
    try:
        json.loads("{")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "broke", (), sys.exc_info())

    line = json.loads(JsonLines().format(record))

    assert line["error"]["type"] == "JSONDecodeError"
    assert line["error"]["frames"][-1].startswith("json.decoder:")
    assert "/" not in "".join(line["error"]["frames"])
