/** The strip of a few ready scripts beside the picture, and how scripts belong to collections. */

import type { CollectionInfo, ScriptInfo } from "./contract";

/** So many scripts are one click away; the others are in the list. */
const AT_HAND = 6;

export class ScriptStrip {
  readonly #root: HTMLElement;
  readonly #onChoose: (script: ScriptInfo) => void;
  #scripts: ScriptInfo[] = [];

  constructor(root: HTMLElement, onChoose: (script: ScriptInfo) => void) {
    this.#root = root;
    this.#onChoose = onChoose;
    // A mouse has a wheel for one direction only.
    root.addEventListener("wheel", (event) => (root.scrollLeft += event.deltaY), { passive: true });
  }

  /** Show the first of other scripts, and the chosen one. */
  fill(scripts: ScriptInfo[], selected: string): void {
    this.#scripts = scripts;
    this.#root.replaceChildren(...scripts.slice(0, AT_HAND).map((script) => this.#chip(script)));
    this.#root.hidden = scripts.length === 0;
    this.mark(selected);
  }

  /** Show which script is chosen, and whether the user has changed it. */
  mark(selected: string, isEdited = false): void {
    const chosen = this.#scripts.find(({ id }) => id === selected);
    if (chosen && !this.#root.querySelector(`[data-script="${CSS.escape(selected)}"]`)) {
      // One that is not at hand takes the place of the one before it.
      this.#root.querySelector(".guest")?.remove();
      const chip = this.#chip(chosen);
      chip.classList.add("guest");
      this.#root.prepend(chip);
    }
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
    chip.addEventListener("click", () => this.#onChoose(script));
    return chip;
  }
}

/** Return whether a script can be run over a collection: its own, a sister, or one of the user's. */
export function suits(script: ScriptInfo, collection: CollectionInfo): boolean {
  if (script.collection === collection.id) return true;
  const isSister = [script.collection, collection.id].every((id) => id.startsWith("sentinel-2-"));
  if (!isSister && !collection.id.startsWith("byoc-")) return false;
  const bands = new Set(collection.bands.map(({ name }) => name));
  return script.bands.every((band) => bands.has(band));
}

/** Return whether a script looks at all scenes of the chosen time, or at two kinds of them. */
export function needsManyDays(script: ScriptInfo): boolean {
  return script.mosaicking !== "SIMPLE" || script.also !== null;
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
