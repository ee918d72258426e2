/** Asks for the pixel that was clicked, and again whenever what is shown has changed. */

import { isAbort, Refusal } from "./contract";
import type { MapView } from "./mapview";
import { PixelPanel } from "./pixel";
import type { PictureSource } from "./picture";
import { type Drawing, pixelRequest } from "./request";
import type { Server } from "./server";

type Place = { line: number | null; column: number | null };

interface Hooks {
  onPlace: (place: Place) => void;
  /** Called when the panel opens and when it closes. */
  onOpen: (isOpen: boolean) => void;
}

interface Picked {
  /** In EPSG:3857, as are the corners of the map tile that showed it. */
  point: number[];
  extent: number[];
}

export class Inspector {
  readonly #server: Server;
  readonly #map: MapView;
  readonly #picture: PictureSource;
  readonly #panel: PixelPanel;
  readonly #hooks: Hooks;
  #picked: Picked | null = null;
  #asking = new AbortController();

  constructor(root: HTMLElement, server: Server, map: MapView, picture: PictureSource, hooks: Hooks) {
    this.#server = server;
    this.#map = map;
    this.#picture = picture;
    this.#hooks = hooks;
    this.#panel = new PixelPanel(root, {
      onClose: () => this.close(),
      onPlace: (place) => hooks.onPlace(place),
    });
  }

  /** Show the pixel at a point. */
  async look(drawing: Drawing, point: number[]): Promise<void> {
    const extent = this.#picture.extentAt(point, this.#map.resolution);
    this.#picked = { point, extent };
    this.#map.mark(point);
    this.#hooks.onOpen(true);
    await this.#ask(drawing);
  }

  /** Show the same pixel as another drawing has it, where one is shown. */
  async again(drawing: Drawing): Promise<void> {
    await this.#ask(drawing);
  }

  close(): void {
    this.#asking.abort();
    this.#picked = null;
    this.#map.mark(null);
    this.#panel.hide();
    this.#hooks.onOpen(false);
  }

  async #ask(drawing: Drawing): Promise<void> {
    if (!this.#picked) return;
    const { point, extent } = this.#picked;
    this.#asking.abort();
    this.#asking = new AbortController();
    this.#panel.wait(this.#map.placeText(point));
    try {
      const request = pixelRequest(drawing, extent, point);
      this.#panel.show(await this.#server.pixel(request, this.#asking.signal));
    } catch (error) {
      if (isAbort(error)) return;
      if (!(error instanceof Refusal)) throw error;
      this.#panel.fail(error);
    }
  }
}
