/** The dates of a collection on a time axis: one capsule a day, filled as far as the sky was clear. */

import type { SceneDate } from "./contract";

/** Pixels between neighboring capsules, at least. */
const GAP = 15;
const MARGIN = 14;
const MONTH = new Intl.DateTimeFormat("en", { month: "short", timeZone: "UTC" });
const SHORT = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });
const DAY = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeZone: "UTC" });

export class Timeline {
  #dates: SceneDate[] = [];
  #selected = "";
  /** How many days, ending with the selected one, are looked at. */
  #days = 1;
  readonly #onChoose: (date: string) => void;
  readonly #root: HTMLElement;
  readonly #track: HTMLElement;
  readonly #label: HTMLElement;
  readonly #detail: HTMLElement;
  readonly #earlier: HTMLButtonElement;
  readonly #later: HTMLButtonElement;

  constructor(root: HTMLElement, onChoose: (date: string) => void) {
    this.#root = root;
    this.#onChoose = onChoose;
    this.#track = root.querySelector(".track")!;
    this.#label = root.querySelector(".chosen-date")!;
    this.#detail = root.querySelector(".chosen-detail")!;
    this.#earlier = root.querySelector(".earlier")!;
    this.#later = root.querySelector(".later")!;
    this.#earlier.addEventListener("click", () => this.step(-1));
    this.#later.addEventListener("click", () => this.step(1));
    this.#track.addEventListener("keydown", (event) => this.#onKey(event));
    new ResizeObserver(() => this.#draw()).observe(this.#track.parentElement!);
  }

  /** Show other dates, oldest first. */
  fill(dates: SceneDate[], selected: string): void {
    this.#dates = dates;
    this.#selected = selected;
    this.#root.hidden = dates.length === 0;
    this.#draw();
  }

  /** Show how many days, ending with the selected one, are looked at. */
  span(days: number): void {
    this.#days = days;
    this.#mark();
  }

  /** Choose the date so many places later. */
  step(places: number): void {
    const index = this.#dates.findIndex((one) => one.date === this.#selected);
    this.#choose(this.#dates[index + places]);
  }

  #choose(day: SceneDate | undefined): void {
    if (!day || day.date === this.#selected) return;
    const hadFocus = this.#track.contains(document.activeElement);
    this.#selected = day.date;
    this.#mark();
    if (hadFocus) this.#track.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
    this.#onChoose(day.date);
  }

  #onKey(event: KeyboardEvent): void {
    if (event.key === "Home") this.#choose(this.#dates[0]);
    else if (event.key === "End") this.#choose(this.#dates.at(-1));
    else return;
    event.preventDefault();
  }

  #draw(): void {
    const room = this.#track.parentElement!.clientWidth - 2 * MARGIN;
    if (room <= 0 || this.#dates.length === 0) return;
    const places = placesOf(this.#dates, room);
    const width = (places.at(-1) ?? 0) + 2 * MARGIN;
    this.#track.style.width = `${Math.max(width, room + 2 * MARGIN)}px`;
    const days = this.#dates.map((day, index) => this.#capsule(day, MARGIN + places[index]!));
    this.#track.replaceChildren(...monthTicks(this.#dates, places), ...days);
    this.#mark();
  }

  #capsule(day: SceneDate, left: number): HTMLElement {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "day";
    button.role = "radio";
    button.dataset["date"] = day.date;
    button.style.left = `${left}px`;
    button.style.setProperty("--clear", `${100 - (day.cloudCover ?? 0)}%`);
    button.title = `${DAY.format(new Date(day.date))} · ${skyText(day)}`;
    button.setAttribute("aria-label", button.title);
    button.append(document.createElement("span"));
    button.addEventListener("click", () => this.#choose(day));
    return button;
  }

  #mark(): void {
    const index = this.#dates.findIndex((one) => one.date === this.#selected);
    const inside = datesWithin(this.#dates, this.#selected, this.#days);
    const first = inside[0];
    for (const button of this.#track.querySelectorAll<HTMLElement>(".day")) {
      const isChosen = button.dataset["date"] === this.#selected;
      button.setAttribute("aria-checked", String(isChosen));
      button.classList.toggle("inside", inside.some(({ date }) => date === button.dataset["date"]));
      button.tabIndex = isChosen ? 0 : -1;
      if (isChosen) center(button, this.#track.parentElement!);
    }
    const day = this.#dates[index];
    this.#label.textContent = day ? DAY.format(new Date(day.date)) : "";
    this.#detail.textContent = day ? skyText(day) : "";
    if (first && inside.length > 1) {
      this.#detail.textContent = `${inside.length} dates since ${SHORT.format(new Date(first.date))}`;
    }
    this.#earlier.disabled = index <= 0;
    this.#later.disabled = index < 0 || index === this.#dates.length - 1;
  }
}

/** Return the dates among so many days that end with `last`. */
export function datesWithin(dates: SceneDate[], last: string, days: number): SceneDate[] {
  const end = Date.parse(last);
  const start = end - (days - 1) * 86_400_000;
  return dates.filter(({ date }) => Date.parse(date) >= start && Date.parse(date) <= end);
}

function skyText(day: SceneDate): string {
  const scenes = day.scenes === 1 ? "1 scene" : `${day.scenes} scenes`;
  return day.cloudCover === null ? scenes : `${Math.round(day.cloudCover)} % cloud · ${scenes}`;
}

/** Pixels from the first date: true to time where there is room, never closer than the gap. */
function placesOf(dates: SceneDate[], room: number): number[] {
  const times = dates.map((day) => Date.parse(day.date));
  const first = times[0]!;
  const span = Math.max(times.at(-1)! - first, 1);
  const places: number[] = [];
  for (const time of times) {
    const wanted = ((time - first) / span) * room;
    places.push(Math.max(wanted, (places.at(-1) ?? -GAP) + GAP));
  }
  const excess = places.at(-1)! - room;
  const needed = (dates.length - 1) * GAP;
  if (excess <= 0 || needed >= room) return places;
  // Pushing to the right ran over the edge although there is room: push back from the right.
  for (let index = places.length - 1, limit = room; index >= 0; index -= 1, limit -= GAP) {
    places[index] = Math.min(places[index]!, limit);
  }
  return places;
}

function monthTicks(dates: SceneDate[], places: number[]): HTMLElement[] {
  const first = new Date(dates[0]!.date);
  const last = Date.parse(dates.at(-1)!.date);
  const ticks: HTMLElement[] = [];
  let free = -Infinity;
  for (
    let month = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1));
    month.getTime() <= last;
    month.setUTCMonth(month.getUTCMonth() + 1)
  ) {
    const left = MARGIN + placeAt(month.getTime(), dates, places);
    if (left - free < 34) continue;
    free = left;
    const tick = document.createElement("span");
    tick.className = "month";
    tick.style.left = `${left}px`;
    const isJanuary = month.getUTCMonth() === 0;
    tick.textContent = isJanuary ? String(month.getUTCFullYear()) : MONTH.format(month);
    ticks.push(tick);
  }
  return ticks;
}

/** Where a time lies between the dates around it. */
function placeAt(time: number, dates: SceneDate[], places: number[]): number {
  const after = dates.findIndex((day) => Date.parse(day.date) >= time);
  if (after <= 0) return 0;
  const before = after - 1;
  const [start, stop] = [Date.parse(dates[before]!.date), Date.parse(dates[after]!.date)];
  const share = (time - start) / (stop - start);
  return places[before]! + share * (places[after]! - places[before]!);
}

function center(item: HTMLElement, scroller: HTMLElement): void {
  const left = item.offsetLeft - scroller.clientWidth / 2;
  scroller.scrollTo({ left, behavior: "smooth" });
}
