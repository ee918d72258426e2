// What the script's globals hold, as JSON for snapshot.py, which has the grammar.
//
// Asked twice: without names once the clock is fixed, with names after setup(). Nothing of the
// script's is called: properties are described, never read, and what could answer by itself
// (accessors, proxies) is not copied. As elsewhere no array is grown by writing to a new index.
(kernel) => {
  "use strict";

  const { getOwnPropertyDescriptor: describe, getPrototypeOf, ownKeys } = Reflect;
  const { create, is, isExtensible } = Object;
  const { apply, stringify } = kernel;
  const { known, instances, typedPrototypes, get, has, set, isFunction } = kernel.own;
  const { isArray } = Array;
  const { isView } = ArrayBuffer;
  const { toString: functionText } = Function.prototype;
  const { includes, startsWith } = String.prototype;
  const { forEach: eachOfMap } = Map.prototype;
  const { forEach: eachOfSet } = Set.prototype;
  const { getTime } = Date.prototype;
  const { exec } = RegExp.prototype;
  const TypedArray = getPrototypeOf(Float64Array);
  const typedLength = describe(TypedArray.prototype, "length").get;
  const typedName = describe(TypedArray.prototype, Symbol.toStringTag).get;
  const scriptEval = eval; // called indirectly: sees the script's top-level let and const too
  const surroundings = globalThis;
  const RealMap = Map;

  const MAX_NODES = 200000;
  const MAX_CHARS = 8000000;
  // What JSON writes as it is, and JSON in JSON too; of other characters each takes seven at most.
  const UNUSUAL = /[^ !#-[\]-~]/;
  const TOO_MUCH = '["?","more than can be copied"]';
  const TOO_LONG = create(null); // stands for a text; copied last, when there is no room
  const NATIVE = "{ [native code] }";
  const isObject = (value) => typeof value === "object" && value !== null;

  // ---- copying -------------------------------------------------------------------------------

  let places = null; // object → its index in the heap
  let waiting = null; // index → object
  let count = 0;
  let nodes = 0;
  let chars = 0;
  let constructors = null; // the script's own functions → their global names

  const full = () => nodes > MAX_NODES || chars > MAX_CHARS;

  function text(value) {
    chars += value.length;
    if (!full() && apply(exec, UNUSUAL, [value]) !== null) chars += 6 * value.length;
    return full() ? '""' : stringify(value);
  }

  // A value in brackets is not itself: [] undefined, ["NaN"], [3] the heap's entry 3.
  function encode(value) {
    nodes++;
    switch (typeof value) {
      case "number":
        if (value - value !== 0) return `["${value}"]`;
        return is(value, -0) ? '["-0"]' : `${value}`;
      case "string": {
        const shown = text(value);
        return full() ? `[${placeOf(TOO_LONG)}]` : shown;
      }
      case "boolean":
        return value ? "true" : "false";
      case "undefined":
        return "[]";
      default:
        return value === null ? "null" : `[${placeOf(value)}]`;
    }
  }

  function placeOf(value) {
    let place = get(places, value);
    if (place === undefined) {
      place = count++;
      waiting[place] = value;
      set(places, value, place);
    }
    return place;
  }

  const opaque = (word) => `["?",${text(word)}]`;
  const nothing = (value) => ownKeys(value).length === 0;

  // `key: value` pairs of plain data properties; null where one of them is anything else.
  function fields(value, keys) {
    let all = "";
    let frozen = !isExtensible(value);
    for (let i = 0; i < keys.length && !full(); i++) {
      const key = keys[i];
      if (typeof key !== "string" || key === "__proto__") return null;
      const found = describe(value, key);
      if (found.get !== undefined || found.set !== undefined || !found.enumerable) return null;
      if (!found.writable || !found.configurable) frozen = true;
      all += `${i === 0 ? "" : ","}[${text(key)},${encode(found.value)}]`;
    }
    return `[${all}],${frozen}`;
  }

  function array(value) {
    const { value: length } = describe(value, "length");
    if (ownKeys(value).length !== length + 1) return opaque("an array with holes or names");
    let all = "";
    let frozen = !isExtensible(value);
    for (let i = 0; i < length && !full(); i++) {
      const found = describe(value, i);
      if (found === undefined) return opaque("an array with holes or names");
      if (found.get !== undefined || found.set !== undefined || !found.enumerable) {
        return opaque("an array with accessors");
      }
      if (!found.writable || !found.configurable) frozen = true;
      all += `${i === 0 ? "" : ","}${encode(found.value)}`;
    }
    return `["a",[${all}],${frozen}]`;
  }

  function typed(value, name) {
    const length = apply(typedLength, value, []);
    if (ownKeys(value).length !== length || apply(typedName, value, []) !== name) {
      return opaque("a typed array with names");
    }
    let all = "";
    for (let i = 0; i < length && !full(); i++) all += `${i === 0 ? "" : ","}${encode(value[i])}`;
    return `["t",[${all}],"${name}"]`;
  }

  function collection(value, word, each) {
    if (!nothing(value)) return opaque(`a ${word} with names`);
    let all = "";
    let first = true;
    const add = (item, key) => {
      if (full()) return;
      all += (first ? "" : ",") + (word === "Set" ? encode(key) : `[${encode(key)},${encode(item)}]`);
      first = false;
    };
    apply(each, value, [add]);
    return `["${word === "Set" ? "s" : "m"}",[${all}]]`;
  }

  // Whether a function stands where its own text says that it does.
  const stands = (shown, inner, key, word) => {
    const own = apply(functionText, inner, []);
    return apply(includes, shown, [own]) &&
      (apply(startsWith, own, [`${word}${key}(`]) || apply(startsWith, own, [`${word}${key} (`]));
  };

  // How many methods and accessors a function or class has, where it has nothing that its text
  // does not say; otherwise -1.
  function methodsOf(value, shown) {
    const parent = getPrototypeOf(value);
    if (parent !== FunctionPrototype && !isFunction(parent)) return -1;
    const own = describe(value, "prototype");
    const hasMembers = own !== undefined && isObject(own.value);
    if (hasMembers) {
      const above = parent === FunctionPrototype ? ObjectPrototype : describe(parent, "prototype").value;
      if (getPrototypeOf(own.value) !== above) return -1;
    } else if (parent !== FunctionPrototype) return -1;
    const ours = countMethods(value, shown, null);
    const theirs = hasMembers ? countMethods(own.value, shown, value) : 0;
    return ours < 0 || theirs < 0 ? -1 : ours + theirs;
  }

  // Of a class's prototype, whose constructor is `owner`; or of the function itself.
  function countMethods(holder, shown, owner) {
    const keys = ownKeys(holder);
    let methods = 0;
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i];
      const found = describe(holder, key);
      if (typeof key !== "string" || found.enumerable) return -1;
      if (owner !== null && key === "constructor") {
        if (found.value !== owner) return -1;
      } else if (isFunction(found.value)) {
        if (!stands(shown, found.value, key, "")) return -1;
        methods++;
      } else if (found.get !== undefined || found.set !== undefined) {
        if (found.get !== undefined && !stands(shown, found.get, key, "get ")) return -1;
        if (found.set !== undefined && !stands(shown, found.set, key, "set ")) return -1;
        methods++;
      } else if (owner !== null) return -1;
    }
    return methods;
  }

  function functionOf(value) {
    const name = get(known, value);
    if (name !== undefined) return `["f","",${text(name)}]`;
    const shown = apply(functionText, value, []);
    if (apply(includes, shown, [NATIVE])) return opaque("a built-in or bound function");
    const methods = methodsOf(value, shown);
    if (methods < 0) return opaque("a function with properties");
    if (!apply(startsWith, shown, ["class"])) return `["f",${text(shown)},null]`;
    const parent = getPrototypeOf(value);
    return `["c",${text(shown)},${methods},${parent === FunctionPrototype ? "null" : encode(parent)}]`;
  }

  function instance(value, prototype) {
    const helper = get(instances, prototype);
    const keys = ownKeys(value);
    if (helper !== undefined) {
      const { name, keys: own, settle } = helper;
      let same = keys.length === own.length;
      for (let i = 0; same && i < keys.length; i++) same = keys[i] === own[i];
      if (!same) return opaque(`a changed ${name}`);
      if (settle !== undefined) apply(settle, value, []);
      const all = fields(value, keys);
      return all === null ? opaque(`a changed ${name}`) : `["o",${all},"${name}",null]`;
    }
    const made = describe(prototype, "constructor");
    const owner = made === undefined ? undefined : get(constructors, made.value);
    if (owner === undefined) return opaque("an object with a prototype of its own");
    const all = fields(value, keys);
    return all === null ? opaque("an object with accessors") : `["o",${all},null,${text(owner)}]`;
  }

  function plain(value) {
    const all = fields(value, ownKeys(value));
    return all === null ? opaque("an object with accessors or hidden keys") : `["o",${all},null,null]`;
  }

  const { prototype: ArrayPrototype } = Array;
  const { prototype: DatePrototype } = Date;
  const { prototype: FunctionPrototype } = Function;
  const { prototype: MapPrototype } = Map;
  const { prototype: ObjectPrototype } = Object;
  const { prototype: SetPrototype } = Set;

  function object(value) {
    const name = get(known, value);
    if (name !== undefined) return `["o",[],true,${text(name)},null]`;
    const prototype = getPrototypeOf(value);
    if (prototype === null) return opaque("an object without a prototype");
    if (isArray(value)) return prototype === ArrayPrototype ? array(value) : opaque("a kind of array");
    if (isView(value)) {
      const kind = get(typedPrototypes, prototype);
      return kind === undefined ? opaque("a buffer's view") : typed(value, kind);
    }
    if (prototype === ObjectPrototype) return plain(value);
    if (prototype === SetPrototype) return collection(value, "Set", eachOfSet);
    if (prototype === MapPrototype) return collection(value, "Map", eachOfMap);
    if (prototype === DatePrototype) {
      return nothing(value) ? `["d",${encode(apply(getTime, value, []))}]` : opaque("a Date with names");
    }
    return instance(value, prototype);
  }

  function copy(value) {
    if (full()) return TOO_MUCH;
    try {
      const whole = isFunction(value)
        ? functionOf(value)
        : typeof value === "object" ? object(value) : opaque(`a ${typeof value}`);
      // What was cut short must not count.
      return full() ? TOO_MUCH : whole;
    } catch {
      return opaque("an object that does not let itself be read");
    }
  }

  // ---- names ---------------------------------------------------------------------------------

  const ABSENT = create(null);
  const ACCESSOR = create(null);

  function valueOf(name) {
    const found = describe(surroundings, name);
    if (found !== undefined && (found.get !== undefined || found.set !== undefined)) return ACCESSOR;
    try {
      return scriptEval(name);
    } catch {
      return ABSENT;
    }
  }

  kernel.box.snapshot = (names) => {
    if (names === null) {
      kernel.own.rememberClock();
      return "";
    }
    const changed = kernel.own.tampered();
    places = new RealMap();
    constructors = new RealMap();
    waiting = create(null);
    count = nodes = chars = 0;
    const values = create(null);
    for (let i = 0; i < names.length; i++) {
      const value = valueOf(names[i]);
      values[i] = value;
      if (isFunction(value) && !has(known, value)) set(constructors, value, names[i]);
    }
    let globals = "";
    for (let i = 0; i < names.length; i++) {
      if (values[i] === ABSENT) continue;
      const shown = encode(values[i]);
      globals += `${globals === "" ? "" : ","}[${stringify(names[i])},${shown}]`;
    }
    let heap = "";
    for (let i = 0; i < count; i++) {
      const value = waiting[i];
      heap += (i === 0 ? "" : ",") + (value === ACCESSOR ? opaque("an accessor") : copy(value));
    }
    return `{"globals":[${globals}],"heap":[${heap}],"tampered":${stringify(changed)}}`;
  };
};
