/** The list of all ready scripts: grouped, and searched as one types. */

import type { CollectionInfo, PageInfo, ScriptInfo } from "./contract";
import { legendStripe } from "./legend";
import { suits } from "./scripts";

export class ScriptPicker {
  readonly #root: HTMLElement;
  readonly #switch: HTMLElement;
  readonly #search: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #page: PageInfo;
  readonly #onChoose: (script: ScriptInfo) => void;
  #collection: CollectionInfo | null = null;
  #selected = "";

  constructor(
    root: HTMLElement,
    button: HTMLElement,
    page: PageInfo,
    onChoose: (script: ScriptInfo) => void,
  ) {
    this.#root = root;
    this.#switch = button;
    this.#search = root.querySelector("input")!;
    this.#list = root.querySelector(".groups")!;
    this.#page = page;
    this.#onChoose = onChoose;
    button.querySelector(".count")!.textContent = String(page.scripts.length);
    button.addEventListener("click", () => this.#open(Boolean(root.hidden)));
    root.querySelector(".close")!.addEventListener("click", () => this.#open(false));
    this.#search.addEventListener("input", () => this.#draw());
    root.addEventListener("keydown", (event) => this.#onKey(event));
    document.addEventListener("pointerdown", (event) => {
      const target = event.target as Node;
      if (!root.hidden && !root.contains(target) && !button.contains(target)) this.#open(false);
    });
  }

  /** List first what suits a collection, and mark the chosen script. */
  fill(collection: CollectionInfo, selected: string): void {
    this.#collection = collection;
    this.#selected = selected;
    if (!this.#root.hidden) this.#draw();
  }

  #open(isOpen: boolean): void {
    this.#root.hidden = !isOpen;
    this.#switch.setAttribute("aria-expanded", String(isOpen));
    if (!isOpen) return;
    this.#search.value = "";
    this.#draw();
    this.#list.querySelector("[aria-current]")?.scrollIntoView({ block: "center" });
    // On a phone the keyboard would cover the list.
    if (window.matchMedia("(hover: hover)").matches) this.#search.focus();
  }

  #onKey(event: KeyboardEvent): void {
    const places = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") {
      this.#open(false);
      this.#switch.focus();
    } else if (places) {
      const stops = [this.#search, ...this.#list.querySelectorAll("button")];
      const index = stops.indexOf(document.activeElement as HTMLButtonElement);
      stops[index + places]?.focus();
    } else if (event.key === "Enter" && document.activeElement === this.#search) {
      this.#list.querySelector("button")?.click();
    } else return;
    event.preventDefault();
  }

  #draw(): void {
    const words = this.#search.value.toLowerCase().split(/\s+/);
    const groups = new Map<string, ScriptInfo[]>();
    for (const script of this.#inOrder()) {
      const text = searchText(script, this.#titleOf(script.collection));
      if (!words.every((word) => text.includes(word))) continue;
      const group = this.#groupOf(script);
      groups.set(group, [...(groups.get(group) ?? []), script]);
    }
    const sections = [...groups].map(([title, scripts]) => this.#section(title, scripts));
    this.#list.replaceChildren(...sections);
    this.#list.classList.toggle("nothing", sections.length === 0);
  }

  /** Those that suit the chosen collection first, by topic. */
  #inOrder(): ScriptInfo[] {
    const mine = this.#page.scripts.filter((script) => this.#suits(script));
    mine.sort((a, b) => TOPICS.indexOf(topicOf(a)) - TOPICS.indexOf(topicOf(b)));
    return [...mine, ...this.#page.scripts.filter((script) => !this.#suits(script))];
  }

  #suits(script: ScriptInfo): boolean {
    return this.#collection !== null && suits(script, this.#collection);
  }

  #groupOf(script: ScriptInfo): string {
    return this.#suits(script) ? topicOf(script) : this.#titleOf(script.collection);
  }

  #titleOf(id: string): string {
    return this.#page.collections.find((one) => one.id === id)?.title ?? id;
  }

  #section(title: string, scripts: ScriptInfo[]): HTMLElement {
    const section = document.createElement("section");
    const head = document.createElement("h3");
    head.textContent = title;
    section.append(head, ...scripts.map((script) => this.#entry(script)));
    return section;
  }

  #entry(script: ScriptInfo): HTMLElement {
    const entry = document.createElement("button");
    entry.type = "button";
    entry.dataset["script"] = script.id;
    const stripe = document.createElement("i");
    stripe.style.background = legendStripe(script);
    const title = document.createElement("strong");
    title.textContent = script.title;
    const text = document.createElement("span");
    const missing = this.#missing(script);
    text.textContent = missing ? `Needs scenes of ${missing}.` : script.description;
    entry.disabled = missing !== null;
    entry.append(stripe, title, text);
    if (script.id === this.#selected) entry.setAttribute("aria-current", "true");
    entry.addEventListener("click", () => {
      this.#open(false);
      this.#onChoose(script);
    });
    return entry;
  }

  /** Return the collection that a script reads and of which there are no scenes. */
  #missing(script: ScriptInfo): string | null {
    const needed = [
      ...(this.#suits(script) ? [] : [script.collection]),
      ...(script.also ? [script.also.collection] : []),
    ];
    const empty = needed.find((id) => !this.#page.collections.find((one) => one.id === id)?.bounds);
    return empty === undefined ? null : this.#titleOf(empty);
  }
}

const TOPICS = ["Colors", "Indices and measures", "Classes and masks", "Over time", "Optical and radar"];

function topicOf(script: ScriptInfo): string {
  if (script.also) return TOPICS[4]!;
  if (script.mosaicking !== "SIMPLE") return TOPICS[3]!;
  return TOPICS[{ channels: 0, ramp: 1, classes: 2 }[script.kind]]!;
}

function searchText(script: ScriptInfo, collection: string): string {
  const parts = [script.id, script.title, script.description, collection, topicOf(script)];
  return [...parts, ...script.bands, script.value?.name ?? ""].join(" ").toLowerCase();
}
