// The first of the files that make up an isolate's side of the mailbox, see isolate.py.
//
// Takes every intrinsic that is used after the script has run, before it has; and makes what the
// script finds around it: a console, a clock that stands, draws that repeat. Each of the files is
// a function of `kernel`, which the script cannot reach. No array is grown by writing to a new
// index, so that a script that tampers with the globals or with Array.prototype harms nothing but
// its own pixels. All of it is strict, so that `evaluatePixel.caller` is null.
(kernel) => {
  "use strict";

  const { apply, construct, defineProperty: define } = Reflect;
  const { create, defineProperty } = Object;
  const { stringify } = JSON;
  const toText = String;
  const wellFormed = String.prototype.toWellFormed;
  const slice = String.prototype.slice;
  const RealDate = Date;
  const dateText = Date.prototype.toString;
  const RealError = Error;

  const MAX_CONSOLE_LINES = 500;
  const MAX_CONSOLE_CHARS = 16384;
  const MAX_LINE_CHARS = 1000;

  const clean = (text) => apply(wellFormed, text, []);
  const cut = (text, chars) => apply(slice, text, [0, chars]);

  // An own property, whatever setters and frozen ancestors there are; false where it cannot be.
  function hold(object, name, value, enumerable = true) {
    return define(object, name, {
      __proto__: null, value, writable: true, configurable: true, enumerable,
    });
  }

  // ---- names that lead out of one isolate's plain computing --------------------------------

  for (const name of ["WebAssembly", "SharedArrayBuffer", "Atomics", "Temporal"]) {
    delete globalThis[name];
  }
  // The binding's own timers are overwritten, not deleted: V8 declares them as variables.
  for (const name of ["__timer_manager", "setTimeout", "clearTimeout"]) {
    globalThis[name] = undefined;
  }

  // ---- console -----------------------------------------------------------------------------

  const written = create(null);
  let lines = 0;
  let chars = 0;
  let dropped = false;

  function shown(value) {
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null && !(value instanceof RealError)) {
      const text = stringify(value);
      if (typeof text === "string") return text;
    }
    return toText(value);
  }

  function print(...values) {
    if (lines >= MAX_CONSOLE_LINES || chars >= MAX_CONSOLE_CHARS) {
      dropped = true;
      return;
    }
    let text = "";
    for (let i = 0; i < values.length; i++) text += (i === 0 ? "" : " ") + shown(values[i]);
    const room = MAX_CONSOLE_CHARS - chars;
    const kept = cut(text, room < MAX_LINE_CHARS ? room : MAX_LINE_CHARS);
    if (kept.length < text.length) dropped = true;
    written[lines++] = clean(kept);
    chars += kept.length + 1;
  }

  // The lines so far, as a JSON list.
  function printed() {
    let text = "[";
    for (let i = 0; i < lines; i++) text += (i === 0 ? "" : ",") + stringify(written[i]);
    return text + "]";
  }

  const channels = { log: print, info: print, warn: print, error: print, debug: print };
  hold(globalThis, "console", channels, false);

  // ---- clock and chance --------------------------------------------------------------------

  let timely = false;

  function fixClock(now) {
    const FixedDate = function Date(...parts) {
      if (new.target === undefined) {
        timely = true;
        return apply(dateText, new RealDate(now), []);
      }
      if (parts.length === 0) timely = true;
      return construct(RealDate, parts.length === 0 ? [now] : parts, new.target);
    };
    FixedDate.prototype = RealDate.prototype;
    FixedDate.now = () => {
      timely = true;
      return now;
    };
    FixedDate.parse = RealDate.parse;
    FixedDate.UTC = RealDate.UTC;
    RealDate.prototype.constructor = FixedDate;
    hold(globalThis, "Date", FixedDate, false);
  }

  // Mulberry32 (Tommy Ettinger, public domain): 32 bits of state are plenty for a seeded draw.
  function seedRandom(seed) {
    const { imul } = Math;
    let state = seed | 0;
    Math.random = () => {
      timely = true;
      state = (state + 0x6d2b79f5) | 0;
      let t = imul(state ^ (state >>> 15), 1 | state);
      t = (t + imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  kernel.apply = apply;
  kernel.create = create;
  kernel.defineProperty = defineProperty;
  kernel.hold = hold;
  kernel.stringify = stringify;
  kernel.toText = toText;
  kernel.clean = clean;
  kernel.cut = cut;
  kernel.RealDate = RealDate;
  kernel.printed = printed;
  kernel.linesPrinted = () => lines;
  kernel.droppedLines = () => dropped;
  kernel.fixClock = fixClock;
  kernel.seedRandom = seedRandom;
  kernel.readClock = () => timely;
};
