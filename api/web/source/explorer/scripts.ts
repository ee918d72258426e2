/** The strip of ready scripts, and the legend of the chosen one. */

import type { LegendEntry, ScriptInfo } from "./contract";

export class ScriptStrip {
  readonly #root: HTMLElement;
  readonly #onChoose: (id: string) => void;

  constructor(root: HTMLElement, onChoose: (id: string) => void) {
    this.#root = root;
    this.#onChoose = onChoose;
    // A mouse has a wheel for one direction only.
    root.addEventListener("wheel", (event) => (root.scrollLeft += event.deltaY), { passive: true });
  }

  /** Show other scripts. */
  fill(scripts: ScriptInfo[], selected: string): void {
    this.#root.replaceChildren(...scripts.map((script) => this.#chip(script)));
    this.#root.hidden = scripts.length === 0;
    this.mark(selected);
  }

  /** Show which script is chosen, and whether the user has changed it. */
  mark(selected: string, isEdited = false): void {
    for (const chip of this.#root.querySelectorAll<HTMLElement>("[role=radio]")) {
      const isChosen = chip.dataset["script"] === selected;
      chip.setAttribute("aria-checked", String(isChosen));
      chip.classList.toggle("edited", isChosen && isEdited);
      chip.tabIndex = isChosen ? 0 : -1;
      if (isChosen) chip.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }

  #chip(script: ScriptInfo): HTMLElement {
    const chip = document.createElement("button");
    chip.type = "button";
    chip.role = "radio";
    chip.dataset["script"] = script.id;
    chip.textContent = script.title;
    chip.title = script.description;
    chip.addEventListener("click", () => this.#onChoose(script.id));
    return chip;
  }
}

/** Let arrow keys move through a group of radio buttons made of `button`s, choosing as they go. */
export function chooseByArrows(group: HTMLElement): void {
  group.addEventListener("keydown", (event) => {
    const places = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!places) return;
    const radios = [...group.querySelectorAll<HTMLElement>("[role=radio]")];
    const index = radios.findIndex((radio) => radio.getAttribute("aria-checked") === "true");
    const next = radios[index + places];
    event.preventDefault();
    event.stopPropagation();
    if (!next) return;
    next.click();
    next.focus();
  });
}

/** Show what the colors of a script mean, or nothing. */
export function drawLegend(root: HTMLElement, entries: LegendEntry[] | null): void {
  root.hidden = !entries?.length;
  const list = document.createElement("ul");
  for (const entry of entries ?? []) {
    const item = document.createElement("li");
    const swatch = document.createElement("i");
    swatch.style.backgroundColor = entry.color;
    const value = document.createElement("span");
    value.textContent = entry.value === null ? "" : String(entry.value);
    item.append(swatch, entry.label, value);
    list.append(item);
  }
  root.replaceChildren(list);
}
