/** The page as a whole: what is chosen, and who is told when it changes. */

import { type Choice, type MapPlace, writeAddress } from "./choice";
import type { CollectionInfo, PageInfo, Refusal, ScriptInfo } from "./contract";
import { ScriptEditor } from "./editor";
import { MapView, type Padding } from "./mapview";
import { MoreForm } from "./more";
import { Notice } from "./notice";
import { Outcome } from "./outcome";
import { PictureSource } from "./picture";
import { chooseByArrows, drawLegend, ScriptStrip } from "./scripts";
import type { Server } from "./server";
import { starterScript } from "./starter";
import { Timeline } from "./timeline";

const one = <T extends HTMLElement>(selector: string): T => document.querySelector<T>(selector)!;

export class Explorer {
  readonly #server: Server;
  readonly #page: PageInfo;
  #choice: Choice;
  /** The last choice of which a map tile came. */
  #good: Choice | null = null;
  /** The ready script's text, to tell whether the user has changed it. */
  #ready = "";

  readonly #picture: PictureSource;
  readonly #map: MapView;
  readonly #strip: ScriptStrip;
  readonly #timeline: Timeline;
  readonly #editor: ScriptEditor;
  readonly #outcome = new Outcome(document);
  readonly #more: MoreForm;
  readonly #notice: Notice;

  constructor(server: Server, page: PageInfo, choice: Choice, notice: Notice) {
    this.#server = server;
    this.#page = page;
    this.#choice = choice;
    this.#notice = notice;
    this.#picture = new PictureSource(server, {
      onTile: (report) => {
        this.#good = this.#choice;
        this.#outcome.add(report);
      },
      onRefusal: (refusal) => this.#onRefusal(refusal),
      onTrouble: (refusal) => {
        if (this.#outcome.fail(refusal)) this.#openEditor(true);
      },
      onLoading: (isLoading) => {
        one(".progress").hidden = !isLoading;
        one("#map").ariaBusy = String(isLoading);
        this.#outcome.work(isLoading);
      },
    });
    this.#map = new MapView(one("#map"), this.#picture, {
      onMove: () => void this.#remember(),
      onPointer: (text) => (one(".pointer").textContent = text),
    });
    this.#strip = new ScriptStrip(one(".strip"), (id) => void this.#chooseScript(id));
    this.#timeline = new Timeline(one(".timeline"), (date) => this.#change({ date }));
    this.#editor = new ScriptEditor(one(".code"), {
      onRun: () => this.#run(),
      onEdit: (text) => this.#onEdit(text),
    });
    this.#more = new MoreForm(one(".more"), (change) => this.#change(change));
    this.#wire();
  }

  /** Show the first picture. */
  async start(place: MapPlace | null): Promise<void> {
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
    return this.#page.scripts.filter((script) => script.collection === this.#choice.collection);
  }

  #wire(): void {
    chooseByArrows(one(".strip"));
    chooseByArrows(one(".track"));
    one(".editor .run").addEventListener("click", () => this.#run());
    one(".undo").addEventListener("click", () => void this.#chooseScript(this.#choice.script));
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
    const script = this.#page.scripts.find((each) => each.collection === id)?.id ?? "";
    const date = collection.dates.at(-1)?.date ?? "";
    this.#good = null;
    this.#choice = { ...this.#choice, collection: id, script, date, code: null };
    this.#useCollection();
    this.#fit(600);
    await this.#loadScript();
    this.#show();
  }

  async #chooseScript(id: string): Promise<void> {
    this.#choice = { ...this.#choice, script: id, code: null };
    this.#outcome.clear();
    this.#strip.mark(id);
    await this.#loadScript();
    this.#show();
  }

  #useCollection(): void {
    const collection = this.#collection;
    one<HTMLSelectElement>(".collection select").value = collection.id;
    one(".attribution").textContent = collection.attribution ?? "";
    this.#timeline.fill(collection.dates, this.#choice.date);
    this.#strip.fill(this.#scripts, this.#choice.script);
    this.#editor.offer(collection.bands);
    this.#more.fill(this.#choice);
    this.#map.bound(collection);
    if (!collection.bounds) this.#notice.noScenes(collection.id);
    else this.#notice.hide();
  }

  /** Put the chosen script into the editor. */
  async #loadScript(): Promise<void> {
    const { script } = this.#choice;
    const info = this.#scripts.find(({ id }) => id === script);
    const ready = info ? await this.#server.script(script) : starterScript(this.#collection.bands);
    // Another one may have been chosen while this one came.
    if (script !== this.#choice.script) return;
    this.#ready = ready;
    if (!info) this.#choice = { ...this.#choice, code: this.#choice.code ?? ready };
    one(".editor h2").textContent = info?.title ?? "Your script";
    one(".description").textContent = info?.description ?? "";
    drawLegend(one(".legend"), info?.legend ?? null);
    this.#editor.fill(this.#choice.code ?? ready);
  }

  #onEdit(text: string): void {
    this.#markEdits();
    this.#editor.mark(null);
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
    if (this.#collection.bounds) this.#picture.show(this.#choice);
    void this.#remember();
  }

  /** Show whether the text in the editor is still the ready script's. */
  #markEdits(): void {
    const isEdited = this.#editor.text !== this.#ready;
    one(".undo").hidden = !isEdited;
    this.#strip.mark(this.#choice.script, isEdited);
  }

  #onRefusal(refusal: Refusal): void {
    if (refusal.status === 401) {
      this.#notice.needsToken();
      return;
    }
    this.#outcome.fail(refusal);
    this.#editor.mark(refusal.script);
    this.#openEditor(true);
    if (this.#good) this.#picture.show(this.#good);
  }

  #fit(duration: number): void {
    this.#map.fit(this.#collection, roomOfPanels(), duration);
  }

  async #remember(): Promise<void> {
    const address = await writeAddress(this.#choice, this.#map.place);
    history.replaceState(null, "", address);
  }
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
