// What a pixel returned, in every form that section 3.4 of the reference allows, and the mailbox.
(kernel) => {
  "use strict";

  const { ownKeys } = Reflect;
  const { create, clean, cut, toText } = kernel;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { parse } = JSON;
  const { round } = Math;
  const toNumber = Number;
  const RealPromise = Promise;

  // The worker writes `request` (JSON) or the bytes of `arena`, calls one of the functions
  // without arguments, and reads `reply`. `running` names what runs, for whoever reads an error.
  const box = {
    __proto__: null,
    request: "", reply: "", running: "load", fault: "", pixel: -1, arena: null,
    snapshot: null, begin: null, stage: null, start: null, reserve: null, run: null, finish: null,
    collect: null, trace: null,
  };
  const FAULT = "the mailbox holds the reason";

  function fail(reason) {
    box.fault = clean(reason);
    throw FAULT;
  }

  function described(value) {
    if (value === null || value === undefined) return toText(value);
    if (isArray(value) || isView(value)) {
      return value.length + (value.length === 1 ? " value" : " values");
    }
    if (typeof value === "function") return "a function";
    if (value instanceof RealPromise) return "a Promise";
    if (typeof value !== "object") return "the " + typeof value + " " + cut(toText(value), 60);
    let names = "";
    const keys = ownKeys(value);
    for (let i = 0; i < keys.length && i < 10; i++) {
      names += (i === 0 ? "" : ", ") + cut(toText(keys[i]), 40);
    }
    return names === "" ? "an object without keys" : "an object with " + names;
  }

  // One element of an output: a number as JavaScript makes it one; undefined is NaN, null is 0,
  // a nested array counts where it holds one value.
  function loose(value, output) {
    if (value === undefined) return NaN;
    if (!isArray(value)) return toNumber(value);
    if (value.length === 1) return loose(value[0], output);
    return wrongLength(value, output);
  }

  function wrongLength(value, output) {
    const { id, bands } = kernel.outputs[output];
    return fail(
      `output "${id}": evaluatePixel must return ${bands} value${bands === 1 ? "" : "s"} for it; ` +
        `found ${described(value)}`,
    );
  }

  // One output's values in a list of the right length; nested arrays are laid out flat, and what
  // is too much is dropped, as layers in production rely on.
  function settle(value, output) {
    const { bands } = kernel.outputs[output];
    const list = create(null);
    let count = 0;
    if (isArray(value) || isView(value)) {
      for (let i = 0; i < value.length && count < bands; i++) {
        const inner = value[i];
        if (!isArray(inner)) list[count++] = inner;
        else for (let j = 0; j < inner.length && count < bands; j++) list[count++] = inner[j];
      }
    } else if (typeof value !== "object" && typeof value !== "function" && value !== undefined) {
      list[count++] = value;
    }
    if (count !== bands) return wrongLength(value, output);
    list.length = count;
    return list;
  }

  // A true array, made without writing to an index that Array.prototype may have caught.
  function zeros(bands) {
    let text = "[0";
    for (let i = 1; i < bands; i++) text += ",0";
    return parse(text + "]");
  }

  // What a single output gets when the script did not return an array of the right length:
  // nothing is zeros, an object holds the output under its id.
  function settleOnly(value) {
    const { id, bands } = kernel.outputs[0];
    if (value === undefined || value === null) return zeros(bands);
    if (typeof value !== "object" || isArray(value) || isView(value)) return settle(value, 0);
    const own = value[id];
    if (own === undefined) {
      return fail(`output "${id}" is missing in what evaluatePixel returned: ${described(value)}`);
    }
    return settle(own, 0);
  }

  // An object of id → values, for what several outputs cannot take as it is.
  function settleAll(value) {
    const { outputs } = kernel;
    if (value !== undefined && value !== null) {
      let ids = "";
      for (let i = 0; i < outputs.length; i++) ids += (i === 0 ? "" : ", ") + outputs[i].id;
      return fail(
        `there are ${outputs.length} outputs: evaluatePixel must return an object with ${ids}; ` +
          `found ${described(value)}`,
      );
    }
    const all = create(null);
    for (let i = 0; i < outputs.length; i++) all[outputs[i].id] = zeros(outputs[i].bands);
    return all;
  }

  function settleOne(whole, output) {
    const { id } = kernel.outputs[output];
    const own = whole[id];
    if (own === undefined) {
      return fail(`output "${id}" is missing in what evaluatePixel returned: ${described(whole)}`);
    }
    return settle(own, output);
  }

  kernel.box = box;
  kernel.outputs = [];
  kernel.fail = fail;
  kernel.described = described;
  // What the pixel loop, which is written by pixels.py, may call.
  kernel.tools = { isArray, round, loose, settleOnly, settleAll, settleOne, box };
};
