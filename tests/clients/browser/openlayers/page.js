// OpenLayers' own SentinelHub source, unmodified: only the addresses are ours.
import TileLayer from "ol/layer/Tile";
import OlMap from "ol/Map";
import { transformExtent } from "ol/proj";
import SentinelHub from "ol/source/SentinelHub";
import View from "ol/View";

const asked = new URLSearchParams(location.search);
const server = asked.get("server");
const source = new SentinelHub({
  url: `${server}/api/v1/process`,
  auth: {
    tokenUrl: `${server}/auth/realms/main/protocol/openid-connect/token`,
    clientId: asked.get("id"),
    clientSecret: asked.get("secret"),
  },
  data: [
    {
      type: "sentinel-2-l2a",
      dataFilter: {
        timeRange: {
          from: `${asked.get("date")}T00:00:00Z`,
          to: `${asked.get("date")}T23:59:59Z`,
        },
      },
    },
  ],
  evalscript: {
    setup() {
      return { input: ["B02", "B03", "B04", "dataMask"], output: { bands: 4 } };
    },
    evaluatePixel(sample) {
      return [2.5 * sample.B04, 2.5 * sample.B03, 2.5 * sample.B02, sample.dataMask];
    },
  },
});
source.on("change", () => {
  if (source.getState() === "error") document.title = `failed: ${source.getError()}`;
});

const map = new OlMap({
  target: "map",
  layers: [new TileLayer({ source })],
  view: new View({ center: [0, 0], zoom: 2 }),
});
const bounds = asked.get("bounds").split(",").map(Number);
map.getView().fit(transformExtent(bounds, "EPSG:4326", "EPSG:3857"));
map.on("rendercomplete", () => {
  if (source.getState() === "ready") document.title = "drawn";
});
