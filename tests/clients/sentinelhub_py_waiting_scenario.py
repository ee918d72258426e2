"""Runs inside sentinelhub-py's own environment: asks more often than the server allows.

Started by ``test_sentinelhub_py.py`` with address, id and secret; prints how many of 14 requests
were answered, as JSON.
"""

import json
import sys

from sentinelhub import (
    CRS,
    BBox,
    DataCollection,
    MimeType,
    SentinelHubDownloadClient,
    SentinelHubRequest,
    SHConfig,
)

URL, CLIENT_ID, CLIENT_SECRET = sys.argv[1:4]
SCRIPT = """//VERSION=3
function setup() { return {input: ["B04"], output: {bands: 1}}; }
function evaluatePixel(s) { return [s.B04]; }
"""


def main() -> None:
    config = SHConfig(use_defaults=True)
    config.sh_client_id, config.sh_client_secret = CLIENT_ID, CLIENT_SECRET
    config.sh_base_url = URL
    config.sh_token_url = f"{URL}/oauth/token"
    request = SentinelHubRequest(
        evalscript=SCRIPT,
        input_data=[
            SentinelHubRequest.input_data(
                DataCollection.SENTINEL2_L2A.define_from("COGMILL_S2L2A", service_url=URL)
            )
        ],
        responses=[SentinelHubRequest.output_response("default", MimeType.PNG)],
        bbox=BBox((12, 44, 12.01, 44.01), CRS.WGS84),
        size=(10, 10),
        config=config,
    )
    client = SentinelHubDownloadClient(config=config)
    images = client.download(request.download_list * 14, max_threads=2)
    json.dump(len([image for image in images if image.shape == (10, 10)]), sys.stdout)


if __name__ == "__main__":
    main()
