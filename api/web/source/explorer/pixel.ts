/** The panel of one pixel: what the script was given there, what it printed, and what it made. */

import type { PixelInput, PixelOutput, PixelReport, Refusal, ScriptProblem, Value } from "./contract";
import { element, paragraph } from "./elements";

interface Hooks {
  onClose: () => void;
  /** Called to show a place of the script in the editor. */
  onPlace: (place: ScriptProblem) => void;
}

export class PixelPanel {
  readonly #root: HTMLElement;
  readonly #where: HTMLElement;
  readonly #body: HTMLElement;
  readonly #hooks: Hooks;

  constructor(root: HTMLElement, hooks: Hooks) {
    this.#root = root;
    this.#where = root.querySelector(".where")!;
    this.#body = root.querySelector(".body")!;
    this.#hooks = hooks;
    root.querySelector(".close")!.addEventListener("click", hooks.onClose);
    root.addEventListener("keydown", (event) => {
      if (event.key === "Escape") hooks.onClose();
    });
  }

  /** Tell that a pixel is on its way; what was there stays until it comes. */
  wait(where: string): void {
    if (this.#root.hidden) this.#body.replaceChildren();
    this.#where.textContent = where;
    this.#root.hidden = false;
    this.#root.ariaBusy = "true";
  }

  hide(): void {
    this.#root.hidden = true;
  }

  /** Show why there is nothing to see. */
  fail(refusal: Refusal): void {
    this.#show([paragraph("wrong", refusal.message)]);
  }

  show(report: PixelReport): void {
    const { error, outputs } = report;
    const parts: HTMLElement[] = [];
    if (error) parts.push(this.#error(error));
    if (outputs) parts.push(...outputs.map(outputLine));
    if (report.console.length) parts.push(printed("Console", report.console));
    parts.push(...report.inputs.map((input) => inputTable(report, input)));
    if (report.returned !== null) parts.push(valueBlock("Returned", report.returned));
    if (report.userData !== null) parts.push(valueBlock("User data", report.userData));
    if (report.consoleAround.length) {
      parts.push(printed("Printed before and after", report.consoleAround));
    }
    this.#show(parts);
  }

  #show(parts: HTMLElement[]): void {
    this.#root.ariaBusy = "false";
    this.#body.replaceChildren(...parts);
  }

  #error(error: NonNullable<PixelReport["error"]>): HTMLElement {
    const block = element("section", "wrong");
    block.append(paragraph("message", error.message));
    if (error.excerpt) block.append(element("pre", "", error.excerpt));
    if (error.line !== null) {
      const go = element("button", "plain", `Show line ${error.line} in the editor`);
      go.addEventListener("click", () => this.#hooks.onPlace(error));
      block.append(go);
    }
    return block;
  }
}

/** An output's values, with their color where a picture shows one. */
function outputLine(output: PixelOutput): HTMLElement {
  const line = element("p", "written");
  const color = colorOf(output);
  if (color) {
    const swatch = element("i", "");
    swatch.style.backgroundColor = color;
    line.append(swatch);
  }
  line.append(element("code", "", output.values.map(shown).join("  ")));
  line.append(element("span", "", `${output.id}, ${output.sampleType}`));
  return line;
}

function colorOf({ sampleType, values }: PixelOutput): string | null {
  if (sampleType !== "AUTO" && sampleType !== "UINT8") return null;
  if (values.length === 1) return `rgb(${values[0]} ${values[0]} ${values[0]})`;
  const [red, green, blue, alpha = 255] = values;
  return values.length < 3 ? null : `rgb(${red} ${green} ${blue} / ${Number(alpha) / 255})`;
}

/** What the script got of an input: a row for each sample, with the scene it came from. */
function inputTable(report: PixelReport, input: PixelInput): HTMLElement {
  const samples = samplesOf(report, input);
  const section = element("section", "input");
  const head = element("h3", "", input.title);
  const count = samples.length === 1 ? "1 sample" : `${samples.length} samples`;
  head.append(element("span", "", report.inputs.length > 1 ? `${input.id}, ${count}` : count));
  section.append(head);
  const rows = Math.max(samples.length, input.origins.length);
  if (rows === 0) {
    section.append(paragraph("none", "No scenes here in the chosen time."));
    return section;
  }
  const bands = [...new Set([...input.bands, ...samples.flatMap((one) => Object.keys(one))])];
  const table = element("table", "");
  const top = document.createElement("tr");
  top.append(...["Scene", ...bands].map((name) => element("th", "", name)));
  for (const [index, cell] of [...top.cells].slice(1).entries()) {
    cell.title = input.units[input.bands.indexOf(bands[index]!)]?.toLowerCase() ?? "";
  }
  table.append(top);
  for (let index = 0; index < rows; index += 1) {
    table.append(sampleRow(input, bands, samples[index] ?? {}, index));
  }
  const scroller = element("div", "scroller");
  scroller.append(table);
  section.append(scroller);
  return section;
}

function sampleRow(
  input: PixelInput,
  bands: string[],
  sample: { [name: string]: Value },
  index: number,
): HTMLElement {
  const row = document.createElement("tr");
  const origin = input.origins[index];
  const [scene] = origin?.scenes ?? [];
  const when = scene?.date ?? origin?.day ?? null;
  const name = element("td", "", when ? dayText(when) : scene ? scene.name : "no data");
  if (scene) {
    const cover = scene.cloudCover === null ? "" : `, ${scene.cloudCover} % cloud`;
    name.title = `${origin!.scenes.map((one) => one.name).join("\n")}${cover}`;
  }
  row.classList.toggle("empty", !scene || sample["dataMask"] === 0);
  row.append(name);
  for (const band of bands) {
    const value = sample[band];
    row.append(element("td", "", value === undefined ? "" : shown(value)));
  }
  return row;
}

/** Return what the script got of an input, one object per sample, whatever its shape there. */
function samplesOf(report: PixelReport, input: PixelInput): { [name: string]: Value }[] {
  let found: Value | undefined = report.samples;
  if (report.inputs.length > 1 && isObject(found)) found = found[input.id];
  if (isObject(found)) return [found];
  return Array.isArray(found) ? found.filter(isObject) : [];
}

function isObject(value: Value | undefined): value is { [name: string]: Value } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function printed(title: string, lines: string[]): HTMLElement {
  const section = element("section", "printed");
  const list = document.createElement("ol");
  list.append(...lines.map((line) => element("li", "", line)));
  section.append(element("h3", "", title), list);
  return section;
}

function valueBlock(title: string, value: Value): HTMLElement {
  const section = element("section", "value");
  section.append(element("h3", "", title), element("pre", "", shown(value)));
  return section;
}

const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });

function dayText(instant: string): string {
  return DAY.format(new Date(instant));
}

/** A value as short text: numbers with six digits. */
function shown(value: Value): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6))).replace("-", "−");
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return `[${value.map(shown).join(", ")}]`;
  if (!isObject(value)) return String(value);
  const parts = Object.entries(value).map(([name, part]) => `${name}: ${shown(part)}`);
  return `{ ${parts.join(", ")} }`;
}
