// The life of a script in its isolate: what the worker may ask for, in this order.
(kernel) => {
  "use strict";

  const { box, clean, create, described, fail, hold, RealDate, stringify, toText, tools } = kernel;
  const { parse } = JSON;
  const makeFunction = Function;
  const scriptEval = eval; // called indirectly: sees the script's top-level let and const too
  const RawBuffer = ArrayBuffer;
  const rawTypes = {
    __proto__: null,
    Uint8Array, Int8Array, Uint16Array, Int16Array, Uint32Array, Int32Array,
    Float32Array, Float64Array,
  };

  const MAX_SETUP_CHARS = 262144;
  const MAX_USER_DATA_CHARS = 1048576;
  const HOOKS = [
    "preProcessScenes", "filterScenes", "updateOutput", "updateOutputMetadata",
  ];

  const hooks = create(null);

  function find(name) {
    hooks[name] = scriptEval(`typeof ${name} === "function" ? ${name} : undefined`);
  }

  // JSON with a mark where JSON has no word for the value.
  kernel.plain = (_key, value) => {
    if (typeof value === "number" && (value !== value || value - value !== 0)) {
      return { __proto__: null, $js: toText(value) };
    }
    if (typeof value === "function") return { __proto__: null, $js: "a function" };
    if (typeof value === "bigint" || typeof value === "symbol") {
      return { __proto__: null, $js: toText(value) };
    }
    return value;
  };

  let asked = null;

  // Before the script's top level. The request stays for the next call.
  box.begin = () => {
    asked = parse(box.request);
    kernel.fixClock(asked.clock.now);
    kernel.seedRandom(asked.clock.seed);
    const { snapshot } = box;
    if (asked.names) snapshot(null);
  };

  function setUp() {
    box.running = "setup";
    find("setup");
    find("evaluatePixel");
    for (let i = 0; i < HOOKS.length; i++) find(HOOKS[i]);
    if (hooks.setup === undefined) fail("the script has no function setup()");
    if (hooks.evaluatePixel === undefined) fail("the script has no function evaluatePixel()");
    const { setup } = hooks;
    return setup();
  }

  let told = ""; // what stage or start found

  // What setup() returned, and the hooks there are.
  box.stage = kernel.telling(() => {
    const found = setUp();
    if (typeof found !== "object" || found === null) {
      fail(`setup() must return an object with input and output; found ${described(found)}`);
    }
    const text = stringify(found, kernel.plain);
    if (text === undefined) fail(`setup() must return an object; found ${described(found)}`);
    if (text.length > MAX_SETUP_CHARS) fail("what setup() returned is too long");
    let names = "";
    for (let i = 0; i < HOOKS.length; i++) {
      if (hooks[HOOKS[i]] !== undefined) names += (names === "" ? "" : ",") + `"${HOOKS[i]}"`;
    }
    told = `"setup":${text},"hooks":[${names}]`;
  });

  // To that: whether anything hung on the clock or on chance, and the snapshot that `names` asks
  // for. In a call of its own, since promises are kept when a call ends.
  box.hold = kernel.telling(() => {
    const { running, snapshot } = box;
    box.running = "snapshot";
    const held = asked.names ? snapshot(asked.names) : "null";
    const timely = kernel.readClock();
    const printed = kernel.printed() !== "[]";
    box.reply = clean(`{${told},"timely":${timely},"printed":${printed},"held":${held}}`);
    box.running = running;
  });

  // ---- one request -------------------------------------------------------------------------

  const customData = {};
  const inputMetadata = {};
  const outputMetadata = {};
  let facts = null;
  let scenes = null;

  // setup() again, as a script may rely on what it leaves behind; then the hooks.
  box.start = kernel.telling(() => {
    setUp();
    facts = asked.facts;
    kernel.outputs = facts.outputs;
    const { parts } = facts;
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i];
      part.kept = part.all = kernel.listText(part, parse(part.indices));
      part.from = new RealDate(part.from);
      part.to = new RealDate(part.to);
    }
    hold(inputMetadata, "serviceVersion", facts.serviceVersion);
    hold(inputMetadata, "normalizationFactor", facts.normalizationFactor);
    hold(inputMetadata, "from", new RealDate(parts[0].from), false);
    hold(inputMetadata, "to", new RealDate(parts[0].to), false);
    told = kernel.runHooks(facts, hooks, inputMetadata);
    scenes = kernel.makeScenes(facts);
    box.running = "evaluatePixel";
  });

  box.reserve = () => {
    box.arena = new RawBuffer(parse(box.request));
  };

  let loop = null;

  // `text` is null where the loop of the last run serves again; `watch` says how trace.js takes
  // part.
  box.run = kernel.telling(() => {
    const { text, outputs, views, count, watch } = parse(box.request);
    if (text !== null) {
      kernel.outputs = outputs;
      const context = { scenes, inputMetadata, customData, outputMetadata };
      const { evaluatePixel } = hooks;
      const called = watch === null ? evaluatePixel : kernel.traced(evaluatePixel, watch);
      loop = makeFunction("evaluatePixel", "tools", "context", text)(called, tools, context);
    }
    for (let i = 0; i < views.length; i++) {
      const { type, offset, length } = views[i];
      views[i] = new rawTypes[type](box.arena, offset, length);
    }
    loop(views, count);
  });

  box.finish = kernel.telling(() => {
    box.running = "updateOutputMetadata";
    const { updateOutputMetadata } = hooks;
    if (updateOutputMetadata !== undefined) {
      kernel.addUsed(facts, scenes);
      updateOutputMetadata(scenes, inputMetadata, outputMetadata);
    }
    const { userData } = outputMetadata;
    const text = userData === undefined ? "" : stringify(userData);
    const reply = text === undefined ? "" : clean(text);
    if (reply.length > MAX_USER_DATA_CHARS) {
      fail(
        `userData is ${reply.length} characters of JSON; ` +
          `at most ${MAX_USER_DATA_CHARS} are allowed`,
      );
    }
    box.reply = reply;
  });

  box.collect = () => {
    box.console = kernel.printed();
    box.dropped = kernel.droppedLines();
  };
};
