/** What the server answers, as api/web/page.py, api/library and sentinelhub.md §0.2 write it. */

/** One day on which a collection has scenes. */
export interface SceneDate {
  /** ISO day, UTC. */
  date: string;
  /** Mean over the day's scenes, percent; null where unknown. */
  cloudCover: number | null;
  scenes: number;
}

export interface BandInfo {
  name: string;
  title: string | null;
}

export interface CollectionInfo {
  id: string;
  title: string;
  /** West, south, east, north in degrees; null without scenes. */
  bounds: [number, number, number, number] | null;
  /** Oldest first. */
  dates: SceneDate[];
  bands: BandInfo[];
  attribution: string | null;
}

export interface LegendEntry {
  color: string;
  label: string;
  /** The number that has this color; null where colors are not of numbers. */
  value: number | null;
}

/** A ready script of the library. */
export interface ScriptInfo {
  id: string;
  title: string;
  description: string;
  /** The collection it was written for. */
  collection: string;
  /** What the script calls that collection; null where it reads no other. */
  source: string | null;
  bands: string[];
  /** The other collection that a fusion reads. */
  also: { id: string; collection: string; bands: string[] } | null;
  /** Other than SIMPLE: it looks at all scenes of the chosen time. */
  mosaicking: "SIMPLE" | "ORBIT" | "TILE";
  kind: "ramp" | "classes" | "channels";
  legend: LegendEntry[];
  /** The number that is colored. */
  value: { name: string; low: number; high: number } | null;
}

export interface PageInfo {
  version: string;
  collections: CollectionInfo[];
  scripts: ScriptInfo[];
  /** True where reading needs no token. */
  anonymous: boolean;
}

/** Where a script is wrong; lines and columns count from 1. */
export interface ScriptProblem {
  line: number | null;
  column: number | null;
  excerpt: string | null;
  message: string;
}

/** What a check says of a script; of a broken one only the error. */
export interface CheckReport {
  error: ScriptProblem | null;
  tier?: "native" | "v8";
  /** Why this tier. */
  reason?: string;
  /** Of what decided it. */
  line?: number | null;
  column?: number | null;
  remarks?: ScriptProblem[];
}

/** A value of a script; numbers that JSON has not are texts (`NaN` …). */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

export interface SceneInfo {
  name: string;
  /** ISO instant; null where unknown. */
  date: string | null;
  cloudCover: number | null;
}

/** An input as one pixel sees it; `origins` are in the order of its samples. */
export interface PixelInput {
  id: string;
  collection: string;
  title: string;
  mosaicking: string;
  bands: string[];
  units: (string | null)[];
  origins: { day: string | null; candidates: number; scenes: SceneInfo[] }[];
}

export interface PixelOutput {
  id: string;
  sampleType: string;
  values: (number | string)[];
}

/** One pixel seen from inside, as api/debug/report.py writes it. */
export interface PixelReport {
  pixel: { col: number; row: number; lon: number | null; lat: number | null };
  inputs: PixelInput[];
  samples: Value;
  console: string[];
  consoleAround: string[];
  returned: Value;
  outputs: PixelOutput[] | null;
  userData: Value;
  error: (ScriptProblem & { stack: string[] }) | null;
}

/** A refusal of the server, or of the way to it. */
export class Refusal extends Error {
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly script: ScriptProblem | null;
  /** Seconds after which asking again may help; null where it will not. */
  readonly retryAfter: number | null;

  constructor(
    status: number,
    message: string,
    { script = null, retryAfter = null }: Partial<Pick<Refusal, "script" | "retryAfter">> = {},
  ) {
    super(message);
    this.status = status;
    this.script = script;
    this.retryAfter = retryAfter;
  }

  /** True where the request itself is at fault, so that the next map tile will fail too. */
  get isOfRequest(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 429;
  }
}

/** Return the refusal that a failing response states. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const seconds = response.headers.get("Retry-After");
  const retryAfter = seconds !== null && Number.isFinite(Number(seconds)) ? Number(seconds) : null;
  const text = await response.text();
  try {
    const error = JSON.parse(text).error;
    const script = error.script ?? null;
    return new Refusal(response.status, String(error.message), { script, retryAfter });
  } catch {
    return new Refusal(response.status, `The server answered ${response.status}.`, { retryAfter });
  }
}

/** True for what an AbortController ends. */
export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
