/** One map tile as a request: by the ready script's name, or with the user's own text. */

import { type Choice, timeRange } from "./choice";

/** Pixels on each side of a map tile's image. */
export const SIZE = 512;
const WEB_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857";

export interface TileRequest {
  url: string;
  init: RequestInit;
}

/** Return the request for map tile (z, x, y), whose corners in EPSG:3857 are `extent`. */
export function tileRequest(
  choice: Choice,
  [z, x, y]: readonly [number, number, number],
  extent: number[],
): TileRequest {
  const time = timeRange(choice);
  if (choice.code !== null) return processRequest(choice, choice.code, extent);
  const query = new URLSearchParams({
    script: choice.script,
    ...(time ? { time: `${time.from}/${time.to}` } : {}),
    order: choice.order,
    maxcc: String(choice.maxCloudCover),
    size: String(SIZE),
  });
  const place = `${encodeURIComponent(choice.collection)}/${z}/${x}/${y}.png`;
  return { url: `/tiles/${place}?${query}`, init: {} };
}

function processRequest(choice: Choice, evalscript: string, bbox: number[]): TileRequest {
  const time = timeRange(choice);
  const dataFilter = {
    ...(time ? { timeRange: time } : {}),
    mosaickingOrder: choice.order,
    maxCloudCoverage: choice.maxCloudCover,
  };
  const body = {
    input: {
      bounds: { bbox, properties: { crs: WEB_MERCATOR } },
      data: [{ type: choice.collection, dataFilter }],
    },
    output: {
      width: SIZE,
      height: SIZE,
      responses: [{ identifier: "default", format: { type: "image/png" } }],
    },
    evalscript,
  };
  const headers = { "Content-Type": "application/json", Accept: "image/png" };
  return { url: "/api/v1/process", init: { method: "POST", headers, body: JSON.stringify(body) } };
}
