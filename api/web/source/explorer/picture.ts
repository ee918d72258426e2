/** A picture of the scenes as a map source: every map tile is one request that can be ended. */

import type { FrameState } from "ol/Map";
import ImageTileSource from "ol/source/ImageTile";
import { createXYZ } from "ol/tilegrid";
import TileState from "ol/TileState";
import { getUid } from "ol/util";
import type DataTile from "ol/DataTile";
import { isAbort, Refusal } from "./contract";
import { type Drawing, SIZE, type TileRequest, tileRequest } from "./request";
import type { Server } from "./server";

/** Finer than 10 m data needs, so that single pixels can be looked at. */
const FINEST = 17;

/** What came with one map tile besides its pixels. */
export interface TileReport {
  /** Stage → milliseconds, as the Server-Timing header tells. */
  stages: Map<string, number>;
  /** From asking to the last byte, milliseconds. */
  roundTrip: number;
  console: string[];
  consoleIsCut: boolean;
  /** What the script ran as: `native` or `v8`; null where the server does not tell. */
  tier: string | null;
}

interface Pending {
  /** As OpenLayers names the map tile. */
  key: string;
  controller: AbortController;
}

interface Hooks {
  onTile: (report: TileReport, drawing: Drawing) => void;
  /** Called once for a drawing that no map tile, or not every one, can be made of. */
  onRefusal: (refusal: Refusal, drawing: Drawing) => void;
  /** Called for each map tile that failed where others may not. */
  onTrouble: (refusal: Refusal) => void;
  /** Called when map tiles are asked for, and when the last one has come. */
  onLoading: (isLoading: boolean) => void;
}

/** How often a map tile is asked for again where the server has too much to do. */
const TRIES = 4;
/** Milliseconds without any request after which nothing more is expected. */
const CALM = 150;

/** Map tiles of one choice at a time. Those of the choice before stay until the new ones come. */
export class PictureSource extends ImageTileSource {
  #drawing: Drawing | null = null;
  #refused = false;
  /** How often each choice was refused: a new try needs a new key, or old failures would stay. */
  readonly #refusals = new Map<string, number>();
  readonly #pending = new Set<Pending>();
  /** OpenLayers' own loadstart does not come while it still draws the picture before. */
  #calm: ReturnType<typeof setTimeout> | undefined;
  readonly #server: Server;
  readonly #hooks: Hooks;

  constructor(server: Server, hooks: Hooks) {
    const density = window.devicePixelRatio >= 1.5 ? 2 : 1;
    super({
      loader: (z, x, y, { signal }) => this.#load(z, x, y, signal),
      tileGrid: createXYZ({ tileSize: SIZE / density, maxZoom: FINEST + density - 1 }),
      wrapX: false,
      // The finer level between two, so that the picture is never blown up.
      zDirection: -1,
      transition: 180,
    });
    this.#server = server;
    this.#hooks = hooks;
    this.on("tileloaderror", (event) => {
      const tile = event.tile as DataTile;
      if (!isAbort(tile.getError())) return;
      // Later, since OpenLayers' queue has yet to hear that this tile is no longer loading.
      queueMicrotask(() => tile.setState(TileState.IDLE));
    });
  }

  override getTilePixelRatio(): number {
    return SIZE / (this.getTileSize(0)[0] ?? SIZE);
  }

  /** Show another choice, or try one again that was refused. */
  show(drawing: Drawing): void {
    this.#drawing = drawing;
    this.#refused = false;
    this.#endPending(() => true);
    const key = JSON.stringify(drawing.choice);
    this.setKey(`${this.#refusals.get(key) ?? 0} ${key}`);
  }

  /** Return the corners of the map tile that shows a point at a resolution of the view. */
  extentAt(point: number[], resolution: number): number[] {
    const grid = this.getTileGrid()!;
    const z = grid.getZForResolution(resolution, this.zDirection);
    return grid.getTileCoordExtent(grid.getTileCoordForCoordAndZ(point, z));
  }

  /** End requests for map tiles that the map no longer wants: it was panned or zoomed away. */
  endUnwanted(frame: FrameState): void {
    const wanted = frame.wantedTiles[getUid(this)] ?? {};
    this.#endPending((one) => !(one.key in wanted));
  }

  #endPending(isUnwanted: (one: Pending) => boolean): void {
    for (const one of [...this.#pending]) {
      if (isUnwanted(one)) one.controller.abort();
    }
  }

  async #load(z: number, x: number, y: number, disposed: AbortSignal): Promise<ImageBitmap> {
    const drawing = this.#drawing;
    if (!drawing || this.#refused) throw new Error("no picture can be made of this choice");
    const extent = this.getTileGrid()!.getTileCoordExtent([z, x, y]);
    const controller = new AbortController();
    disposed.addEventListener("abort", () => controller.abort());
    const pending = { key: `${this.getKey()}/${z},${x},${y}`, controller };
    this.#begin(pending);
    const start = performance.now();
    try {
      const response = await this.#ask(tileRequest(drawing, [z, x, y], extent), controller.signal);
      const image = await createImageBitmap(await response.blob());
      this.#hooks.onTile(reportOf(response.headers, performance.now() - start), drawing);
      return image;
    } catch (error) {
      if (error instanceof Refusal && drawing === this.#drawing && !this.#refused) {
        if (error.isOfRequest) this.#refuse(drawing, error);
        else this.#hooks.onTrouble(error);
      }
      throw error;
    } finally {
      this.#end(pending);
    }
  }

  #begin(pending: Pending): void {
    this.#pending.add(pending);
    clearTimeout(this.#calm);
    this.#hooks.onLoading(true);
  }

  #end(pending: Pending): void {
    this.#pending.delete(pending);
    if (this.#pending.size > 0) return;
    this.#calm = setTimeout(() => this.#hooks.onLoading(false), CALM);
  }

  #refuse(drawing: Drawing, refusal: Refusal): void {
    const key = JSON.stringify(drawing.choice);
    this.#refusals.set(key, (this.#refusals.get(key) ?? 0) + 1);
    this.#refused = true;
    this.#endPending(() => true);
    this.#hooks.onRefusal(refusal, drawing);
  }

  /** Ask again, after the pause that the server wishes, while it has too much to do. */
  async #ask({ url, init }: TileRequest, signal: AbortSignal): Promise<Response> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#server.ask(url, { ...init, signal });
      } catch (error) {
        if (!(error instanceof Refusal) || error.retryAfter === null || tries === TRIES) throw error;
        await pause(error.retryAfter * 1000, signal);
      }
    }
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}

function reportOf(headers: Headers, roundTrip: number): TileReport {
  const stages = new Map<string, number>();
  for (const part of (headers.get("Server-Timing") ?? "").split(",")) {
    const [name, ...fields] = part.trim().split(";");
    const duration = fields.find((field) => field.trim().startsWith("dur="));
    if (name && duration) stages.set(name, Number(duration.trim().slice(4)));
  }
  const debug = headers.get("X-Cogmill-Debug");
  const said = debug ? JSON.parse(debug) : { console: [], cut: false };
  const tier = JSON.parse(headers.get("X-Cogmill-Facts") ?? "{}").tier ?? null;
  return { stages, roundTrip, console: said.console, consoleIsCut: said.cut, tier };
}
