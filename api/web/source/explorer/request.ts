/** Map tiles and pixels as requests: by the ready script's name, or with the user's own text. */

import { type Choice, timeRange } from "./choice";
import type { ScriptInfo } from "./contract";

/** Pixels on each side of a map tile's image. */
export const SIZE = 512;
const WEB_MERCATOR = "http://www.opengis.net/def/crs/EPSG/0/3857";

/** What is to be drawn. */
export interface Drawing {
  choice: Choice;
  /** The ready script that was chosen; null for a collection that has none. */
  script: ScriptInfo | null;
}

export interface TileRequest {
  url: string;
  init: RequestInit;
}

/** Return the request for map tile (z, x, y), whose corners in EPSG:3857 are `extent`. */
export function tileRequest(
  drawing: Drawing,
  [z, x, y]: readonly [number, number, number],
  extent: number[],
): TileRequest {
  const { choice } = drawing;
  if (choice.code !== null) {
    const headers = { "Content-Type": "application/json", Accept: "image/png" };
    const body = JSON.stringify(processRequest(drawing, extent));
    return { url: "/api/v1/process", init: { method: "POST", headers, body } };
  }
  const time = timeRange(choice);
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

/** Return the request to see the pixel at a point of a map tile; both are in EPSG:3857. */
export function pixelRequest(drawing: Drawing, extent: number[], point: number[]): object {
  return { ...processRequest(drawing, extent), point };
}

function processRequest({ choice, script }: Drawing, bbox: number[]): object {
  const time = timeRange(choice);
  const timeFilter = time ? { timeRange: time } : {};
  const dataFilter = {
    ...timeFilter,
    mosaickingOrder: choice.order,
    maxCloudCoverage: choice.maxCloudCover,
  };
  const first = {
    type: choice.collection,
    ...(script?.source ? { id: script.source } : {}),
    dataFilter,
  };
  const also = script?.also;
  const second = also ? [{ type: also.collection, id: also.id, dataFilter: timeFilter }] : [];
  return {
    input: {
      bounds: { bbox, properties: { crs: WEB_MERCATOR } },
      data: [first, ...second],
    },
    output: {
      width: SIZE,
      height: SIZE,
      responses: [{ identifier: "default", format: { type: "image/png" } }],
    },
    evalscript: choice.code ?? choice.script,
  };
}
