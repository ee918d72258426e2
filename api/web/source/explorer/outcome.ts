/** What came of a run: the mistake, what the script printed, and how long it took. */

import { Refusal } from "./contract";
import type { TileReport } from "./picture";

/** More lines than this are not shown. */
const MOST_LINES = 200;
const RUNNING = "Running …";

export class Outcome {
  readonly #problem: HTMLElement;
  readonly #console: HTMLDetailsElement;
  readonly #timing: HTMLDetailsElement;
  readonly #line: HTMLOutputElement;
  /** Printed line → how often it came; one run prints in every map tile. */
  #lines = new Map<string, number>();
  #isCut = false;
  #reports: TileReport[] = [];

  constructor(page: Document) {
    this.#problem = page.querySelector(".problem")!;
    this.#console = page.querySelector(".console")!;
    this.#timing = page.querySelector(".timing")!;
    this.#line = page.querySelector(".outcome")!;
  }

  /** Forget the run before. */
  clear(): void {
    this.#line.textContent = "";
    this.#problem.hidden = true;
    this.#lines = new Map();
    this.#isCut = false;
    this.#reports = [];
    this.#drawConsole();
  }

  /** Show what the server refused and, for a script, where it is wrong; true for a first one. */
  fail(refusal: Refusal): boolean {
    const isFirst = this.#problem.hidden !== false;
    const { script } = refusal;
    const place = script?.line ? `Line ${script.line}: ` : "";
    this.#problem.querySelector(".message")!.textContent =
      place + (script?.message ?? refusal.message);
    const excerpt = this.#problem.querySelector("pre")!;
    excerpt.textContent = script?.excerpt ?? "";
    excerpt.hidden = !script?.excerpt;
    this.#problem.hidden = false;
    this.#line.textContent = "";
    return isFirst;
  }

  /** Tell that map tiles are on their way, until the first of them tells more. */
  work(isLoading: boolean): void {
    const { textContent: said } = this.#line;
    if (isLoading && !said) this.#line.textContent = RUNNING;
    if (!isLoading && said === RUNNING) this.#line.textContent = "";
  }

  /** Tell that the text in the editor is not what the map shows. */
  wait(): void {
    this.#line.textContent = "Changed, not run yet";
  }

  /** Take in what came with one map tile. */
  add(report: TileReport): void {
    this.#reports.push(report);
    for (const line of report.console) this.#lines.set(line, (this.#lines.get(line) ?? 0) + 1);
    this.#isCut ||= report.consoleIsCut || this.#lines.size > MOST_LINES;
    if (report.console.length > 0) this.#drawConsole();
    this.#drawTiming();
  }

  /** Say what the script ran as, in the latest map tile: it may have changed on the way. */
  #tierText(): string {
    const tier = this.#reports.at(-1)?.tier;
    if (!tier) return "";
    return tier === "native" ? "The script ran as machine code." : "The script ran as JavaScript.";
  }

  #drawConsole(): void {
    this.#console.hidden = this.#lines.size === 0;
    const items = [...this.#lines].slice(0, MOST_LINES).map(([line, times]) => {
      const item = document.createElement("li");
      item.append(line);
      if (times > 1) {
        const badge = document.createElement("span");
        badge.className = "times";
        badge.textContent = `×${times}`;
        badge.title = `printed ${times} times`;
        item.append(badge);
      }
      return item;
    });
    if (this.#isCut) {
      const note = document.createElement("li");
      note.className = "cut";
      note.textContent = "… and more lines, which were cut";
      items.push(note);
    }
    this.#console.querySelector("ol")!.replaceChildren(...items);
    this.#console.querySelector(".count")!.textContent = String(this.#lines.size);
  }

  #drawTiming(): void {
    const totals = this.#reports.map(serverTime).sort((a, b) => a - b);
    const median = totals[Math.floor(totals.length / 2)] ?? 0;
    const summary = this.#timing.querySelector("summary")!;
    summary.textContent = `${milliseconds(median)} per map tile`;
    summary.title = this.#tierText();
    const table = document.createElement("dl");
    const count = this.#reports.length;
    this.#line.textContent = `${count} map ${count === 1 ? "tile" : "tiles"}, ${milliseconds(median)} each`;
    const roundTrips = this.#reports.map((one) => one.roundTrip).sort((a, b) => a - b);
    const means = stageMeans(this.#reports);
    const total = means.get("total") ?? median;
    means.delete("total");
    for (const [stage, mean] of means) table.append(...row(stage, mean, total));
    table.append(...row("in all", total, 0));
    table.append(...row("round trip", roundTrips[Math.floor(count / 2)] ?? 0, 0));
    const caption = document.createElement("p");
    caption.textContent = `${count} map ${count === 1 ? "tile" : "tiles"} of 512 × 512 pixels`;
    const tier = document.createElement("p");
    tier.textContent = this.#tierText();
    this.#timing.querySelector("div")!.replaceChildren(caption, table, tier);
    this.#timing.hidden = false;
  }
}

/** Milliseconds that the server took for one map tile. */
function serverTime(report: TileReport): number {
  const total = report.stages.get("total");
  if (total !== undefined) return total;
  if (report.stages.size === 0) return report.roundTrip;
  return [...report.stages.values()].reduce((sum, value) => sum + value, 0);
}

function stageMeans(reports: TileReport[]): Map<string, number> {
  const means = new Map<string, number>();
  for (const { stages } of reports) {
    for (const [stage, value] of stages) {
      means.set(stage, (means.get(stage) ?? 0) + value / reports.length);
    }
  }
  return means;
}

function row(stage: string, value: number, whole: number): HTMLElement[] {
  const name = document.createElement("dt");
  name.textContent = stage;
  const cell = document.createElement("dd");
  cell.textContent = milliseconds(value);
  if (whole > 0) cell.style.setProperty("--share", `${Math.min(100, (100 * value) / whole)}%`);
  return [name, cell];
}

function milliseconds(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}
