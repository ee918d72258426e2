/** The map: the picture, a quiet graticule where there is no data, and the outline of what there is. */

import { defaults as defaultControls } from "ol/control/defaults";
import ScaleLine from "ol/control/ScaleLine";
import { createEmpty, extend, getCenter, isEmpty } from "ol/extent";
import Feature from "ol/Feature";
import Point from "ol/geom/Point";
import { fromExtent } from "ol/geom/Polygon";
import { defaults as defaultInteractions } from "ol/interaction/defaults";
import Graticule from "ol/layer/Graticule";
import TileLayer from "ol/layer/Tile";
import VectorLayer from "ol/layer/Vector";
import OlMap from "ol/Map";
import { fromLonLat, toLonLat, transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import View from "ol/View";
import type { MapPlace } from "./choice";
import type { CollectionInfo } from "./contract";
import type { PictureSource } from "./picture";

/** Room in pixels that panels take from the map: top, right, bottom, left. */
export type Padding = [number, number, number, number];

interface Hooks {
  onMove: (place: MapPlace) => void;
  onPointer: (text: string) => void;
  /** Called for a click on a point in EPSG:3857, or Enter on its center. */
  onPick: (point: number[]) => void;
}

export class MapView {
  readonly #map: OlMap;
  readonly #view = new View({ center: [0, 0], zoom: 2, minZoom: 2, maxZoom: 18 });
  readonly #layer: TileLayer;
  readonly #outline = new VectorSource();
  readonly #mark = new VectorSource();
  #graticule: Graticule | null = null;

  constructor(target: HTMLElement, picture: PictureSource, hooks: Hooks) {
    this.#layer = new TileLayer({ source: picture, zIndex: 1, cacheSize: 256 });
    const outline = new VectorLayer({ source: this.#outline, zIndex: 2 });
    outline.setStyle(() => new Style({ stroke: new Stroke({ color: ink("--map-outline") }) }));
    const mark = new VectorLayer({ source: this.#mark, zIndex: 3, style: markStyle });
    const scale = new ScaleLine({ target: document.querySelector<HTMLElement>(".scale")! });
    this.#map = new OlMap({
      target,
      view: this.#view,
      layers: [this.#layer, outline, mark],
      // The map is the page: a first drag or a turn of the wheel is meant, focused or not.
      interactions: defaultInteractions({ onFocusOnly: false }),
      controls: defaultControls({ rotate: false, attribution: false }).extend([scale]),
      maxTilesLoading: 12,
    });
    this.#drawGraticule();
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.#drawGraticule();
      outline.changed();
    });
    this.#map.on("moveend", () => {
      hooks.onMove(this.place);
    });
    this.#map.on("postrender", ({ frameState }) => {
      if (frameState) picture.endUnwanted(frameState);
    });
    this.#map.on("pointermove", (event) => {
      hooks.onPointer(event.dragging ? "" : coordinateText(toLonLat(event.coordinate)));
    });
    // Single clicks come late, since two of them zoom in.
    this.#map.on("singleclick", (event) => hooks.onPick(event.coordinate));
    target.addEventListener("keydown", (event) => {
      if (event.key === "Enter") hooks.onPick(this.#view.getCenter() ?? [0, 0]);
    });
    target.addEventListener("pointerleave", () => hooks.onPointer(""));
  }

  get place(): MapPlace {
    const [lon, lat] = toLonLat(this.#view.getCenter() ?? [0, 0]);
    return { zoom: this.#view.getZoom() ?? 0, lat: lat ?? 0, lon: lon ?? 0 };
  }

  /** EPSG:3857 units of a pixel of the screen. */
  get resolution(): number {
    return this.#view.getResolution() ?? 1;
  }

  /** Return a point of the map as people write it. */
  placeText(point: number[]): string {
    return coordinateText(toLonLat(point));
  }

  /** Mark a point, or nothing. */
  mark(point: number[] | null): void {
    this.#mark.clear();
    if (point) this.#mark.addFeature(new Feature(new Point(point)));
  }

  goTo(place: MapPlace): void {
    this.#view.setCenter(fromLonLat([place.lon, place.lat]));
    this.#view.setZoom(place.zoom);
  }

  /** Ask for nothing outside a collection's scenes, and draw where they end. */
  bound(collection: CollectionInfo | null): void {
    const extent = extentOf(collection);
    this.#outline.clear();
    this.#layer.setVisible(!isEmpty(extent));
    if (isEmpty(extent)) return;
    this.#layer.setExtent(extent);
    this.#outline.addFeature(new Feature(fromExtent(extent)));
  }

  /** Fly to where a collection's scenes fill the part of the map that no panel covers. */
  fit(collection: CollectionInfo, padding: Padding, duration: number): void {
    const extent = extentOf(collection);
    if (isEmpty(extent)) return;
    if (duration === 0) this.#view.setCenter(getCenter(extent));
    this.#view.fit(extent, { padding, duration, size: this.#map.getSize() ?? [800, 600] });
  }

  #drawGraticule(): void {
    if (this.#graticule) this.#map.removeLayer(this.#graticule);
    const label = {
      font: "11px ui-monospace, monospace",
      fill: new Fill({ color: ink("--map-label") }),
    };
    this.#graticule = new Graticule({
      zIndex: 0,
      wrapX: false,
      targetSize: 160,
      showLabels: true,
      strokeStyle: new Stroke({ color: ink("--map-line"), width: 1 }),
      lonLabelPosition: 0.92,
      latLabelPosition: 0.006,
      lonLabelFormatter: (degrees) => degreesText(degrees, "E", "W"),
      latLabelFormatter: (degrees) => degreesText(degrees, "N", "S"),
      lonLabelStyle: new Text({ ...label, textBaseline: "top" }),
      latLabelStyle: new Text({ ...label, textAlign: "start", offsetY: -8 }),
    });
    this.#map.addLayer(this.#graticule);
  }
}

/** A ring that is seen on bright and on dark ground, and leaves the pixel itself free. */
const markStyle = [
  new Style({ image: new CircleStyle({ radius: 9, stroke: new Stroke({ color: "#000a", width: 4 }) }) }),
  new Style({ image: new CircleStyle({ radius: 9, stroke: new Stroke({ color: "#fff", width: 2 }) }) }),
];

function extentOf(collection: CollectionInfo | null): number[] {
  const bounds = collection?.bounds;
  if (!bounds) return createEmpty();
  return extend(createEmpty(), transformExtent(bounds, "EPSG:4326", "EPSG:3857"));
}

function ink(property: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}

function degreesText(degrees: number, positive: string, negative: string): string {
  const digits = Number.isInteger(degrees) ? 0 : 2;
  return `${Math.abs(degrees).toFixed(digits)}° ${degrees < 0 ? negative : positive}`;
}

function coordinateText([lon = 0, lat = 0]: number[]): string {
  const north = `${Math.abs(lat).toFixed(4)}° ${lat < 0 ? "S" : "N"}`;
  const east = `${Math.abs(lon).toFixed(4)}° ${lon < 0 ? "W" : "E"}`;
  return `${north}  ${east}`;
}
