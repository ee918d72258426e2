/** What the user has chosen, and its form in the address. */

export type SceneOrder = "mostRecent" | "leastRecent" | "leastCC";

/** Latitude first, as maps in addresses are written. */
export interface MapPlace {
  zoom: number;
  lat: number;
  lon: number;
}

export interface Choice {
  collection: string;
  /** Id of a ready script. */
  script: string;
  /** The user's own text where it differs from the ready script's. */
  code: string | null;
  /** ISO day, UTC; empty where scenes have no dates. */
  date: string;
  /** How many days, ending with `date`, are laid on top of each other. */
  days: number;
  order: SceneOrder;
  /** Percent; scenes above it are left out. */
  maxCloudCover: number;
}

const ORDERS: readonly SceneOrder[] = ["mostRecent", "leastRecent", "leastCC"];

/** Return both ends of the chosen time, as ISO 8601 instants; null for all time. */
export function timeRange(choice: Choice): { from: string; to: string } | null {
  if (!choice.date) return null;
  const first = new Date(`${choice.date}T00:00:00Z`);
  first.setUTCDate(first.getUTCDate() - (choice.days - 1));
  return {
    from: `${first.toISOString().slice(0, 10)}T00:00:00Z`,
    to: `${choice.date}T23:59:59Z`,
  };
}

/** What an address holds; anything may be missing. */
export interface Address {
  choice: Partial<Choice>;
  place: MapPlace | null;
}

/** Return what the part of an address behind `#` says; unreadable parts are left out. */
export async function readAddress(hash: string): Promise<Address> {
  const said = new URLSearchParams(hash.replace(/^#/, ""));
  const choice: Partial<Choice> = {};
  const collection = said.get("collection");
  if (collection) choice.collection = collection;
  const script = said.get("script");
  if (script) choice.script = script;
  const date = said.get("date");
  if (date && /^\d{4}-\d{2}-\d{2}$/.test(date)) choice.date = date;
  const days = Number(said.get("days"));
  if (Number.isInteger(days) && days >= 1 && days <= 366) choice.days = days;
  const order = ORDERS.find((one) => one === said.get("order"));
  if (order) choice.order = order;
  const maxcc = said.get("maxcc");
  if (maxcc && Number(maxcc) >= 0 && Number(maxcc) <= 100) choice.maxCloudCover = Number(maxcc);
  const code = said.get("code");
  if (code) choice.code = await unpack(code);
  const [zoom, lat, lon] = (said.get("map") ?? "").split("/").map(Number);
  const isPlace = [zoom, lat, lon].every((value) => Number.isFinite(value));
  return { choice, place: isPlace ? { zoom: zoom!, lat: lat!, lon: lon! } : null };
}

/** Return the part of the address behind `#`. */
export async function writeAddress(choice: Choice, place: MapPlace): Promise<string> {
  const parts = [
    `map=${place.zoom.toFixed(2)}/${place.lat.toFixed(4)}/${place.lon.toFixed(4)}`,
    `collection=${encodeURIComponent(choice.collection)}`,
    `script=${encodeURIComponent(choice.script)}`,
    `date=${choice.date}`,
  ];
  if (choice.days !== 1) parts.push(`days=${choice.days}`);
  if (choice.order !== "mostRecent") parts.push(`order=${choice.order}`);
  if (choice.maxCloudCover !== 100) parts.push(`maxcc=${choice.maxCloudCover}`);
  if (choice.code !== null) parts.push(`code=${await pack(choice.code)}`);
  return `#${parts.join("&")}`;
}

async function pack(text: string): Promise<string> {
  const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

async function unpack(packed: string): Promise<string | null> {
  try {
    const binary = atob(packed.replaceAll("-", "+").replaceAll("_", "/"));
    const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
    const stream = new Blob([bytes])
      .stream()
      .pipeThrough(new DecompressionStream("deflate-raw"));
    return await new Response(stream).text();
  } catch {
    return null;
  }
}
