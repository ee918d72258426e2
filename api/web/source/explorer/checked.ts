/** What a check says of the script in the editor: its tier, and quiet remarks. */

import { type CheckReport, isAbort, type ScriptProblem } from "./contract";
import { element } from "./elements";
import type { Server } from "./server";

interface Hooks {
  onPlace: (place: Pick<ScriptProblem, "line" | "column">) => void;
}

export class CheckedLine {
  readonly #root: HTMLDetailsElement;
  readonly #hooks: Hooks;

  constructor(root: HTMLElement, hooks: Hooks) {
    this.#root = root as HTMLDetailsElement;
    this.#hooks = hooks;
  }

  /** Show what is said of the script; nothing of a broken one, which is told when it runs. */
  show(report: CheckReport | null): void {
    const isKnown = report !== null && report.error === null;
    this.#root.hidden = !isKnown;
    if (!isKnown) return;
    const remarks = report.remarks ?? [];
    const isNative = report.tier === "native";
    const summary = this.#root.querySelector("summary")!;
    const tier = element("span", "tier", isNative ? "Machine code" : "JavaScript");
    tier.classList.toggle("native", isNative);
    const count = remarks.length === 1 ? "1 remark" : `${remarks.length} remarks`;
    summary.replaceChildren(tier, element("span", "count", remarks.length ? count : ""));
    const list = this.#root.querySelector("ul")!;
    list.replaceChildren(this.#tier(report), ...remarks.map((remark) => this.#remark(remark)));
  }

  #tier({ tier, reason, line, column }: CheckReport): HTMLElement {
    if (tier === "native") {
      return element("li", "", "The server compiles this script: it runs on all cores.");
    }
    const text = `The server runs this script in V8. What decided it: ${reason ?? "unknown"}`;
    return this.#line(text, { line: line ?? null, column: column ?? null });
  }

  #remark(remark: ScriptProblem): HTMLElement {
    return this.#line(remark.message, remark);
  }

  #line(text: string, place: Pick<ScriptProblem, "line" | "column">): HTMLElement {
    const item = element("li", "", text);
    if (place.line === null) return item;
    const go = element("button", "plain", `line ${place.line}`);
    go.addEventListener("click", () => this.#hooks.onPlace(place));
    item.append(go);
    return item;
  }
}

/** Milliseconds after the last key until a script is checked. */
const CALM = 700;

/** Has the script in the editor checked when the user pauses. */
export class Checker {
  readonly #server: Server;
  readonly #onReport: (report: CheckReport | null) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = new AbortController();

  constructor(server: Server, onReport: (report: CheckReport | null) => void) {
    this.#server = server;
    this.#onReport = onReport;
  }

  /** Check a script that is to read these collections, soon. */
  check(text: string, collections: string[]): void {
    clearTimeout(this.#timer);
    this.#asking.abort();
    this.#timer = setTimeout(() => void this.#ask(text, collections), CALM);
  }

  async #ask(text: string, collections: string[]): Promise<void> {
    this.#asking = new AbortController();
    try {
      this.#onReport(await this.#server.check(text, collections, this.#asking.signal));
    } catch (error) {
      // What is said of a script is a courtesy: without it everything works.
      if (!isAbort(error)) this.#onReport(null);
    }
  }
}
