/** The editor of the script, with the mistake marked at its place. */

import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import {
  EditorState,
  type Line,
  Prec,
  StateEffect,
  StateField,
  type TransactionSpec,
} from "@codemirror/state";
import { Decoration, type DecorationSet, EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";
import type { BandInfo, ScriptProblem } from "./contract";

interface Hooks {
  onRun: () => void;
  onEdit: (text: string) => void;
}

export class ScriptEditor {
  readonly #view: EditorView;
  #bands: BandInfo[] = [];
  #problem: ScriptProblem | null = null;
  #remarks: ScriptProblem[] = [];
  /** True while text is put in by the page itself. */
  #isFilling = false;

  /** Lives in a shadow root, where CodeMirror's styles need no inline style in the page. */
  constructor(target: HTMLElement, hooks: Hooks) {
    const root = target.attachShadow({ mode: "open" });
    this.#view = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        extensions: [
          Prec.highest(
            keymap.of([{ key: "Mod-Enter", run: () => (hooks.onRun(), true) }, indentWithTab]),
          ),
          basicSetup,
          javascript(),
          lintGutter(),
          faultyLine,
          EditorView.lineWrapping,
          EditorView.contentAttributes.of({ "aria-label": "Evalscript" }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged && !this.#isFilling) hooks.onEdit(update.state.doc.toString());
          }),
          EditorState.languageData.of(() => [
            { autocomplete: (context: CompletionContext) => this.#complete(context) },
          ]),
          look,
          syntaxHighlighting(colors),
        ],
      }),
    });
  }

  get text(): string {
    return this.#view.state.doc.toString();
  }

  /** Put in another text; not reported as an edit. */
  fill(text: string): void {
    this.#isFilling = true;
    const changes = { from: 0, to: this.#view.state.doc.length, insert: text };
    this.#view.dispatch({ changes, selection: { anchor: 0 }, scrollIntoView: true });
    this.#isFilling = false;
    this.#remarks = [];
    this.mark(null);
  }

  /** Offer other bands for completion. */
  offer(bands: BandInfo[]): void {
    this.#bands = bands;
  }

  /** Mark where the script is wrong, or nothing. */
  mark(problem: ScriptProblem | null): void {
    this.#problem = problem;
    const line = this.#lineOf(problem);
    const faulty = setFault.of(line?.from ?? null);
    this.#view.dispatch(this.#diagnostics(), { effects: faulty });
    if (problem?.line) this.goTo(problem);
  }

  /** Mark what is probably not meant so. */
  remark(remarks: ScriptProblem[]): void {
    this.#remarks = remarks;
    this.#view.dispatch(this.#diagnostics());
  }

  /** Bring a place into view. */
  goTo(place: Pick<ScriptProblem, "line" | "column">): void {
    const from = this.#offset(place);
    if (from === null) return;
    this.#view.dispatch({ effects: EditorView.scrollIntoView(from, { y: "center" }) });
  }

  /** Put the cursor at a place and let the user type there. */
  enter(place: Pick<ScriptProblem, "line" | "column">): void {
    const anchor = this.#offset(place);
    if (anchor !== null) this.#view.dispatch({ selection: { anchor } });
    this.goTo(place);
    this.focus();
  }

  #diagnostics(): TransactionSpec {
    const said: [ScriptProblem | null, "error" | "info"][] = [
      [this.#problem, "error"],
      ...this.#remarks.map((one): [ScriptProblem, "info"] => [one, "info"]),
    ];
    const diagnostics = said.flatMap(([one, severity]) => {
      const from = one ? this.#offset(one) : null;
      if (!one || from === null) return [];
      const word = this.#view.state.wordAt(from);
      const to = word ? word.to : Math.min(from + 1, this.#view.state.doc.lineAt(from).to);
      return [{ from, to, severity, message: one.message }];
    });
    diagnostics.sort((a, b) => a.from - b.from);
    return setDiagnostics(this.#view.state, diagnostics);
  }

  #lineOf(place: Pick<ScriptProblem, "line"> | null): Line | null {
    const { doc } = this.#view.state;
    return place?.line && place.line <= doc.lines ? doc.line(place.line) : null;
  }

  #offset(place: Pick<ScriptProblem, "line" | "column">): number | null {
    const line = this.#lineOf(place);
    return line && line.from + Math.min((place.column ?? 1) - 1, line.length);
  }

  focus(): void {
    this.#view.focus();
  }

  #complete(context: CompletionContext): CompletionResult | null {
    const word = context.matchBefore(/["'.](\w*)$/);
    if (!word) return null;
    const bands = [...this.#bands, { name: "dataMask", title: "1 where there is data" }];
    const options = bands.map((band) => ({
      label: band.name,
      type: "property",
      ...(band.title ? { detail: band.title } : {}),
    }));
    return { from: word.from + 1, options, validFor: /^\w*$/ };
  }
}

const setFault = StateEffect.define<number | null>();

/** Start of the line that is wrong; kept while the text around it changes. */
const faultyLine = StateField.define<DecorationSet>({
  create: () => Decoration.none,
  update(marks, transaction) {
    let next = marks.map(transaction.changes);
    for (const effect of transaction.effects) {
      if (!effect.is(setFault)) continue;
      const line = Decoration.line({ class: "cm-faulty" });
      next = effect.value === null ? Decoration.none : Decoration.set([line.range(effect.value)]);
    }
    return next;
  },
  provide: (field) => EditorView.decorations.from(field),
});

const look = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", fontSize: "12.5px", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", overflow: "auto" },
  ".cm-content": { padding: "10px 0", caretColor: "var(--accent)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground":
    { backgroundColor: "var(--selection)" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--ink-faint)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--hover)" },
  ".cm-activeLineGutter": { color: "var(--ink-soft)" },
  ".cm-selectionMatch": { backgroundColor: "var(--hover)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--selection)" },
  ".cm-faulty, .cm-faulty.cm-activeLine": { backgroundColor: "var(--error-wash)" },
  ".cm-lintRange-error": {
    backgroundImage: "none",
    textDecoration: "underline wavy var(--error)",
    textUnderlineOffset: "4px",
  },
  ".cm-gutter-lint": { width: "12px" },
  ".cm-gutter-lint .cm-gutterElement": { padding: "0 2px" },
  ".cm-lint-marker-error": {
    content: "none",
    width: "7px",
    height: "7px",
    marginTop: "6.5px",
    borderRadius: "50%",
    backgroundColor: "var(--error)",
  },
  ".cm-lintRange-info": {
    backgroundImage: "none",
    textDecoration: "underline dotted var(--ink-faint)",
    textUnderlineOffset: "4px",
  },
  ".cm-lint-marker-info": {
    content: "none",
    width: "7px",
    height: "7px",
    marginTop: "6.5px",
    borderRadius: "50%",
    border: "1.5px solid var(--accent)",
  },
  ".cm-diagnostic-info": { borderLeft: "3px solid var(--accent)" },
  ".cm-tooltip": {
    backgroundColor: "var(--solid)",
    color: "var(--ink)",
    border: "1px solid var(--edge)",
    borderRadius: "8px",
    overflow: "hidden",
    boxShadow: "var(--shadow)",
  },
  ".cm-tooltip-autocomplete > ul > li": { padding: "3px 8px" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": {
    backgroundColor: "var(--selection)",
    color: "var(--ink)",
  },
  ".cm-completionDetail": { color: "var(--ink-soft)", fontStyle: "normal" },
  ".cm-diagnostic-error": { borderLeft: "3px solid var(--error)", fontFamily: "var(--mono)" },
  ".cm-panels": { backgroundColor: "var(--solid)", color: "var(--ink)" },
  ".cm-panels.cm-panels-bottom": { borderTop: "1px solid var(--edge)" },
  ".cm-textfield, .cm-button": {
    backgroundColor: "var(--field)",
    backgroundImage: "none",
    color: "var(--ink)",
    border: "1px solid var(--edge)",
    borderRadius: "6px",
  },
  ".cm-foldPlaceholder": {
    backgroundColor: "var(--hover)",
    color: "var(--ink-soft)",
    border: "none",
  },
});

const colors = HighlightStyle.define([
  { tag: tags.comment, color: "var(--ink-faint)", fontStyle: "italic" },
  { tag: [tags.keyword, tags.modifier, tags.operatorKeyword], color: "var(--code-keyword)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName)], color: "var(--code-call)" },
  { tag: tags.propertyName, color: "var(--code-property)" },
  { tag: [tags.punctuation, tags.bracket, tags.operator], color: "var(--ink-soft)" },
]);
