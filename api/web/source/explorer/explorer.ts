/** The page as a whole: what is chosen, and who is told when it changes. */

import { type Choice, type MapPlace, writeAddress } from "./choice";
import type { CollectionInfo, PageInfo, Refusal, SceneDate, ScriptInfo } from "./contract";
import { ScriptEditor } from "./editor";
import { MapView, type Padding } from "./mapview";
import { MoreForm } from "./more";
import { Checker, CheckedLine } from "./checked";
import { Inspector } from "./inspector";
import { drawLegend } from "./legend";
import { Notice } from "./notice";
import { Outcome } from "./outcome";
import { PictureSource } from "./picture";
import { ScriptPicker } from "./picker";
import type { Drawing } from "./request";
import { chooseByArrows, needsManyDays, ScriptStrip, suits } from "./scripts";
import type { Server } from "./server";
import { starterScript } from "./starter";
import { datesWithin, Timeline } from "./timeline";

const one = <T extends HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;

export class Explorer {
  readonly #server: Server;
  readonly #page: PageInfo;
  #choice: Choice;
  /** The last drawing of which every map tile came. */
  #good: Drawing | null = null;
  /** The drawing of which map tiles come, none of them refused so far. */
  #coming: Drawing | null = null;
  /** The ready script's text, to tell whether the user has changed it. */
  #ready = "";
  /** True where the page chose more days than one, for a script that needs them. */
  #isWidened = false;

  readonly #picture: PictureSource;
  readonly #map: MapView;
  readonly #strip: ScriptStrip;
  readonly #timeline: Timeline;
  readonly #editor: ScriptEditor;
  readonly #outcome = new Outcome(document);
  readonly #more: MoreForm;
  readonly #picker: ScriptPicker;
  readonly #inspector: Inspector;
  readonly #checker: Checker;
  readonly #notice: Notice;

  constructor(server: Server, page: PageInfo, choice: Choice, notice: Notice) {
    this.#server = server;
    this.#page = page;
    this.#choice = choice;
    this.#notice = notice;
    this.#picture = new PictureSource(server, {
      onTile: (report, drawing) => {
        this.#coming = drawing;
        if (drawing.choice === this.#choice) this.#outcome.add(report);
      },
      onRefusal: (refusal, drawing) => this.#onRefusal(refusal, drawing),
      onTrouble: (refusal) => {
        if (this.#outcome.fail(refusal)) this.#openEditor(true);
      },
      onLoading: (isLoading) => {
        if (!isLoading && this.#coming) this.#good = this.#coming;
        one(".progress").hidden = !isLoading;
        one("#map").ariaBusy = String(isLoading);
        this.#outcome.work(isLoading);
      },
    });
    this.#map = new MapView(one("#map"), this.#picture, {
      onMove: () => void this.#remember(),
      onPointer: (text) => (one(".pointer").textContent = text),
      onPick: (point) => this.#look(point),
    });
    this.#inspector = new Inspector(one(".pixel"), server, this.#map, this.#picture, {
      onPlace: (place) => this.#enter(place),
      onOpen: (isOpen) => document.body.classList.toggle("inspecting", isOpen),
    });
    const choose = (script: ScriptInfo) => void this.#chooseScript(script);
    this.#strip = new ScriptStrip(one(".strip"), choose);
    this.#picker = new ScriptPicker(one(".picker"), one(".picker-switch"), page, choose);
    const said = new CheckedLine(one(".checked"), { onPlace: (place) => this.#enter(place) });
    this.#checker = new Checker(server, (report) => {
      said.show(report);
      this.#editor.remark(report?.remarks ?? []);
    });
    this.#timeline = new Timeline(one(".timeline"), (date) => this.#change({ date }));
    this.#editor = new ScriptEditor(one(".code"), {
      onRun: () => this.#run(),
      onEdit: (text) => this.#onEdit(text),
    });
    this.#more = new MoreForm(one(".more"), (change) => {
      this.#isWidened = false;
      this.#change(change);
    });
    this.#wire();
  }

  /** Show the first picture. */
  async start(place: MapPlace | null): Promise<void> {
    if (this.#script) this.#widen(this.#script);
    this.#useCollection();
    if (place) this.#map.goTo(place);
    else this.#fit(0);
    await this.#loadScript();
    this.#show();
  }

  get #collection(): CollectionInfo {
    return this.#page.collections.find(({ id }) => id === this.#choice.collection)!;
  }

  /** The ready scripts that can be run over the chosen collection. */
  get #scripts(): ScriptInfo[] {
    return this.#page.scripts.filter((script) => suits(script, this.#collection));
  }

  /** The chosen ready script; null for a collection that has none. */
  get #script(): ScriptInfo | null {
    return this.#scripts.find(({ id }) => id === this.#choice.script) ?? null;
  }

  get #drawing(): Drawing {
    return { choice: this.#choice, script: this.#script };
  }

  #wire(): void {
    chooseByArrows(one(".strip"));
    chooseByArrows(one(".track"));
    one(".editor .run").addEventListener("click", () => this.#run());
    one(".undo").addEventListener("click", () => void this.#undo());
    one(".editor-switch").addEventListener("click", () => this.#openEditor(!this.#isEditorOpen));
    one(".editor .close").addEventListener("click", () => this.#openEditor(false));
    const select = one<HTMLSelectElement>(".collection select");
    select.append(...collectionOptions(this.#page.collections));
    select.addEventListener("change", () => void this.#chooseCollection(select.value));
    document.addEventListener("keydown", (event) => {
      if (event.target !== document.body) return;
      if (event.key === "ArrowLeft") this.#timeline.step(-1);
      if (event.key === "ArrowRight") this.#timeline.step(1);
    });
    const isMac = navigator.userAgent.includes("Mac");
    one(".editor kbd").textContent = isMac ? "⌘ ⏎" : "Ctrl ⏎";
    one(".collection").hidden = false;
    one(".scripts").hidden = false;
    this.#openEditor(window.matchMedia("(min-width: 900px)").matches);
  }

  get #isEditorOpen(): boolean {
    return !one(".editor").hidden;
  }

  #openEditor(isOpen: boolean): void {
    one(".editor").hidden = !isOpen;
    one(".editor-switch").setAttribute("aria-expanded", String(isOpen));
  }

  #change(change: Partial<Choice>): void {
    this.#choice = { ...this.#choice, ...change };
    this.#show();
  }

  async #chooseCollection(id: string): Promise<void> {
    const collection = this.#page.collections.find((each) => each.id === id)!;
    const script = this.#page.scripts.find((each) => suits(each, collection)) ?? null;
    const isElsewhere = !overlap(this.#collection, collection);
    this.#switchTo(collection, script);
    if (script) this.#widen(script);
    if (isElsewhere) this.#fit(600);
    await this.#loadScript();
    this.#show();
  }

  async #chooseScript(script: ScriptInfo): Promise<void> {
    if (suits(script, this.#collection)) {
      this.#choice = { ...this.#choice, script: script.id, code: null };
    } else {
      const collection = this.#page.collections.find(({ id }) => id === script.collection)!;
      const isElsewhere = !overlap(this.#collection, collection);
      this.#switchTo(collection, script);
      if (isElsewhere) this.#fit(600);
    }
    this.#widen(script);
    this.#outcome.clear();
    this.#strip.mark(script.id);
    await this.#loadScript();
    this.#show();
  }

  #switchTo(collection: CollectionInfo, script: ScriptInfo | null): void {
    const date = nearestDate(collection, this.#choice.date);
    this.#good = null;
    this.#coming = null;
    this.#choice = {
      ...this.#choice,
      collection: collection.id,
      script: script?.id ?? "",
      date,
      code: null,
    };
    this.#useCollection();
  }

  /** Look at as many days as a script needs to have something to show; one is enough for most. */
  #widen(script: ScriptInfo): void {
    let { days } = this.#choice;
    if (needsManyDays(script) && (days === 1 || this.#isWidened)) {
      days = this.#daysFor(script);
      this.#isWidened = true;
    } else if (!needsManyDays(script) && this.#isWidened) {
      days = 1;
      this.#isWidened = false;
    }
    this.#choice = { ...this.#choice, days };
    this.#more.fill(this.#choice);
  }

  #daysFor(script: ScriptInfo): number {
    const other = this.#page.collections.find(({ id }) => id === script.also?.collection);
    const { dates } = other ?? this.#collection;
    const enough = other ? 1 : 4;
    const spans = [10, 30, 90];
    return spans.find((span) => datesWithin(dates, this.#choice.date, span).length >= enough) ?? 366;
  }

  async #undo(): Promise<void> {
    this.#choice = { ...this.#choice, code: null };
    await this.#loadScript();
    this.#show();
  }

  #useCollection(): void {
    const collection = this.#collection;
    one<HTMLSelectElement>(".collection select").value = collection.id;
    one(".attribution").textContent = collection.attribution ?? "";
    this.#timeline.fill(collection.dates, this.#choice.date);
    this.#strip.fill(this.#scripts, this.#choice.script);
    this.#picker.fill(collection, this.#choice.script);
    this.#editor.offer(collection.bands);
    this.#more.fill(this.#choice);
    this.#map.bound(collection);
    if (!collection.bounds) this.#notice.noScenes(collection.id);
    else this.#notice.hide();
  }

  /** Put the chosen script into the editor. */
  async #loadScript(): Promise<void> {
    const { script } = this.#choice;
    const info = this.#script;
    const ready = info ? await this.#server.script(script) : starterScript(this.#collection.bands);
    // Another one may have been chosen while this one came.
    if (script !== this.#choice.script) return;
    this.#ready = ready;
    if (!info) this.#choice = { ...this.#choice, code: this.#choice.code ?? ready };
    one(".editor h2").textContent = info?.title ?? "Your script";
    one(".description").textContent = info?.description ?? "";
    drawLegend(one(".legend"), info);
    this.#picker.fill(this.#collection, script);
    this.#editor.fill(this.#choice.code ?? ready);
    this.#check();
  }

  #onEdit(text: string): void {
    this.#markEdits();
    this.#editor.mark(null);
    this.#check();
    if (text !== (this.#choice.code ?? this.#ready)) this.#outcome.wait();
  }

  #run(): void {
    const { text } = this.#editor;
    this.#change({ code: text === this.#ready && this.#choice.script ? null : text });
  }

  #show(): void {
    this.#outcome.clear();
    this.#editor.mark(null);
    this.#markEdits();
    this.#timeline.span(this.#choice.days);
    this.#sayDates();
    if (this.#collection.bounds) this.#picture.show(this.#drawing);
    void this.#inspector.again(this.#drawing);
    void this.#remember();
  }

  /** Say over which dates a script looks that looks at more than one. */
  #sayDates(): void {
    const { date, days } = this.#choice;
    const script = this.#script;
    const note = one(".dates-note");
    note.hidden = !script || !needsManyDays(script);
    const count = datesWithin(this.#collection.dates, date, days).length;
    const dates = count === 1 ? "the only date" : `all ${count} dates`;
    const what = script?.also ? "Takes scenes of both collections" : `Looks at ${dates}`;
    const when = days === 1 ? "this day" : `the ${days} days up to the chosen one`;
    note.textContent = `${what} of ${when}.`;
  }

  #check(): void {
    const also = this.#script?.also;
    const collections = [this.#choice.collection, ...(also ? [also.collection] : [])];
    this.#checker.check(this.#editor.text, collections);
  }

  /** Show the pixel at a point of the map, where there can be one. */
  #look(point: number[]): void {
    if (this.#collection.bounds) void this.#inspector.look(this.#drawing, point);
  }

  /** Show a place of the script to the user, ready to mend it. */
  #enter(place: { line: number | null; column: number | null }): void {
    this.#openEditor(true);
    this.#editor.enter(place);
  }

  /** Show whether the text in the editor is still the ready script's. */
  #markEdits(): void {
    const isEdited = this.#editor.text !== this.#ready;
    one(".undo").hidden = !isEdited;
    this.#strip.mark(this.#choice.script, isEdited);
  }

  #onRefusal(refusal: Refusal, drawing: Drawing): void {
    this.#coming = null;
    if (refusal.status === 401) {
      this.#notice.needsToken();
      return;
    }
    this.#outcome.fail(refusal);
    this.#editor.mark(refusal.script);
    this.#openEditor(true);
    // One that was good elsewhere would be refused here again, and again.
    if (this.#good && this.#good.choice !== drawing.choice) this.#picture.show(this.#good);
  }

  #fit(duration: number): void {
    this.#map.fit(this.#collection, roomOfPanels(), duration);
  }

  async #remember(): Promise<void> {
    const address = await writeAddress(this.#choice, this.#map.place);
    history.replaceState(null, "", address);
  }
}

/** Return whether two collections have scenes of the same ground, by their boxes. */
function overlap({ bounds: a }: CollectionInfo, { bounds: b }: CollectionInfo): boolean {
  return !!a && !!b && a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}

/** Return the date of a collection that is nearest to another; the last one where there is none. */
function nearestDate({ dates }: CollectionInfo, date: string): string {
  const wanted = Date.parse(date || "9999-12-31");
  const distance = (day: SceneDate) => Math.abs(Date.parse(day.date) - wanted);
  const sorted = dates.toSorted((a, b) => distance(a) - distance(b));
  return sorted[0]?.date ?? "";
}

/** Return the options of the choice of collection: those with scenes, then the empty ones. */
function collectionOptions(collections: CollectionInfo[]): HTMLElement[] {
  const option = ({ id, title }: CollectionInfo) => new Option(title, id);
  const empty = document.createElement("optgroup");
  empty.label = "Without scenes yet";
  empty.append(...collections.filter(({ bounds }) => !bounds).map(option));
  const filled = collections.filter(({ bounds }) => bounds).map(option);
  return empty.childElementCount ? [...filled, empty] : filled;
}

/** Return how much of the map the panels cover, so that a view is fitted beside them. */
function roomOfPanels(): Padding {
  const { innerWidth: width, innerHeight: height } = window;
  const editor = one(".editor").getBoundingClientRect();
  const isBeside = editor.width > 0 && editor.width < width / 2;
  const tops = [".timeline", ".scripts"].map((panel) => one(panel).getBoundingClientRect().top);
  const bottom = height - Math.min(...tops.filter((top) => top > height / 2), height);
  return [70, (isBeside ? width - editor.left : 0) + 12, bottom + 12, 12];
}
