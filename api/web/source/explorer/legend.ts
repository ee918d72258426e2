/** What the colors of a script mean, drawn by kind. */

import type { LegendEntry, ScriptInfo } from "./contract";

/** Show the legend of a script, or nothing. */
export function drawLegend(root: HTMLElement, script: ScriptInfo | null): void {
  root.hidden = !script?.legend.length;
  if (!script) return;
  const list = document.createElement("ul");
  list.className = script.kind;
  // A scale is read from the bottom up, as a thermometer.
  const entries = script.kind === "ramp" ? script.legend.toReversed() : script.legend;
  list.append(...entries.map((entry) => item(entry, script)));
  const parts: HTMLElement[] = [list];
  if (script.kind === "ramp") list.prepend(bar(entries));
  if (script.value) parts.unshift(title(script.value.name));
  root.replaceChildren(...parts);
}

/** Return the colors of a script as a CSS background: a ramp, or side by side. */
export function legendStripe(script: ScriptInfo): string {
  const colors = script.legend.map(({ color }) => color);
  const share = 100 / colors.length;
  const stops =
    script.kind === "ramp"
      ? colors
      : colors.map((color, index) => `${color} ${index * share}% ${(index + 1) * share}%`);
  return `linear-gradient(to right, ${stops.join(", ")})`;
}

function title(text: string): HTMLElement {
  const head = document.createElement("p");
  head.textContent = text;
  return head;
}

/** The colors between the ticks; every tick is at the middle of its line. */
function bar(entries: LegendEntry[]): HTMLElement {
  const gradient = document.createElement("li");
  gradient.className = "bar";
  gradient.ariaHidden = "true";
  gradient.style.background = `linear-gradient(${entries.map(({ color }) => color).join(", ")})`;
  return gradient;
}

function item(entry: LegendEntry, { kind }: ScriptInfo): HTMLElement {
  const line = document.createElement("li");
  if (kind !== "ramp") {
    const swatch = document.createElement("i");
    swatch.style.backgroundColor = entry.color;
    line.append(swatch);
  }
  const value = document.createElement("b");
  value.textContent = kind === "ramp" ? tickText(entry) : "";
  const isValueItself = kind === "ramp" && entry.label.startsWith(tickText(entry));
  line.append(value, isValueItself ? entry.label.slice(tickText(entry).length).trim() : entry.label);
  return line;
}

function tickText({ value }: LegendEntry): string {
  return value === null ? "" : String(value).replace("-", "−");
}
