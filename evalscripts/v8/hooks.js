// The functions that a script may define besides evaluatePixel, and what comes back from them.
(kernel) => {
  "use strict";

  const { apply, box, create, described, fail, hold, RealDate, stringify } = kernel;
  const { isArray } = Array;
  const { isInteger } = Number;
  const { parse } = JSON;
  const RealMap = Map;
  const { get: mapGet, set: mapSet } = Map.prototype;

  const MAX_CHOSEN = 100000;

  // ---- which scenes ------------------------------------------------------------------------

  // The candidates as they are handed to a hook, which may change the list itself.
  function remember(list) {
    const places = new RealMap();
    for (let i = 0; i < list.length; i++) apply(mapSet, places, [list[i], i]);
    return { places, count: list.length };
  }

  // The indices of the candidates that a hook returned, as JSON. What is there twice counts once;
  // a copy of a candidate counts as it, by its __idx.
  function chosen(list, { places, count }, where) {
    if (!isArray(list)) fail(`${where} must be a list of scenes; found ${described(list)}`);
    const taken = create(null);
    const { length } = list;
    if (length > MAX_CHOSEN) fail(`${where} has ${length} entries; there are ${count} scenes`);
    let text = "";
    for (let i = 0; i < length; i++) {
      const item = list[i];
      let place = apply(mapGet, places, [item]);
      if (place === undefined && typeof item === "object" && item !== null) {
        const { __idx } = item;
        if (isInteger(__idx) && __idx >= 0 && __idx < count) place = __idx;
      }
      if (place === undefined) {
        fail(`${where}[${i}] is not one of the scenes that were given; found ${described(item)}`);
      }
      if (taken[place]) continue;
      taken[place] = true;
      text += (text === "" ? "" : ",") + place;
    }
    return `[${text}]`;
  }

  function keep(part, indices) {
    part.indices = indices;
    part.kept = kernel.listText(part, parse(indices));
  }

  // Orbits come without their tiles here.
  function offered(part) {
    const items = parse(part.all);
    if (part.kind === "orbits") for (let i = 0; i < items.length; i++) delete items[i].tiles;
    return items;
  }

  function collectionOf(part, items) {
    const scenes = {};
    if (items !== null) hold(scenes, part.kind, items);
    return { from: new RealDate(part.from), to: new RealDate(part.to), scenes };
  }

  function readCollection(part, memory, collection, where) {
    if (typeof collection !== "object" || collection === null) {
      fail(`${where} must be the collection it was given; found ${described(collection)}`);
    }
    const { scenes } = collection;
    if (typeof scenes !== "object" || scenes === null) {
      fail(`${where}.scenes must be an object with ${part.kind}; found ${described(scenes)}`);
    }
    keep(part, chosen(scenes[part.kind], memory, `${where}.scenes.${part.kind}`));
  }

  function preProcess(facts, hook) {
    const { parts } = facts;
    const memories = create(null);
    const all = {};
    for (let i = 0; i < parts.length; i++) {
      const items = parts[i].mosaicking === "SIMPLE" ? null : offered(parts[i]);
      memories[i] = items === null ? null : remember(items);
      hold(all, parts[i].id, collectionOf(parts[i], items));
    }
    const given = facts.fusion ? all : all[parts[0].id];
    const returned = hook(given);
    // Nothing returned: what was done to the argument itself counts.
    const found = returned === undefined || returned === null ? given : returned;
    const name = "what preProcessScenes() returned";
    if (typeof found !== "object") fail(`${name} must be collections; found ${described(found)}`);
    for (let i = 0; i < parts.length; i++) {
      if (memories[i] === null) continue;
      const { id } = parts[i];
      const where = `${name}: collections` + (facts.fusion ? `.${id}` : "");
      readCollection(parts[i], memories[i], facts.fusion ? found[id] : found, where);
    }
  }

  function filter(facts, hook, inputMetadata) {
    const { parts } = facts;
    for (let i = 0; i < parts.length; i++) {
      if (parts[i].mosaicking === "SIMPLE") continue;
      const list = kernel.datedList(parts[i].all);
      const memory = remember(list);
      const returned = hook(list, inputMetadata);
      const found = returned === undefined || returned === null ? list : returned;
      keep(parts[i], chosen(found, memory, "what filterScenes() returned"));
    }
  }

  // ---- how many bands ----------------------------------------------------------------------

  // `scenes` of each collection is a list of entries with a Date; as elsewhere, orbits or tiles
  // can be read from it too.
  function counted(part) {
    const scenes = kernel.datedList(part.kept);
    hold(scenes, part.kind, parse(part.kept), false);
    return { scenes };
  }

  function update(facts, hook) {
    const { parts } = facts;
    const { outputs } = kernel;
    const counts = {};
    for (let i = 0; i < outputs.length; i++) {
      hold(counts, outputs[i].id, { bands: outputs[i].bands });
    }
    const all = {};
    for (let i = 0; i < parts.length; i++) hold(all, parts[i].id, counted(parts[i]));
    hook(counts, facts.fusion ? all : all[parts[0].id]);
    const found = create(null);
    for (let i = 0; i < outputs.length; i++) {
      const { id } = outputs[i];
      found[id] = counts[id].bands;
    }
    return stringify(found, kernel.plain);
  }

  // Everything that runs before the pixels; returns JSON's pairs of the indices kept per
  // input, and of the band counts where they were set.
  kernel.runHooks = (facts, hooks, inputMetadata) => {
    const { parts } = facts;
    let several = false;
    for (let i = 0; i < parts.length; i++) several ||= parts[i].mosaicking !== "SIMPLE";
    if (several && hooks.preProcessScenes !== undefined) {
      box.running = "preProcessScenes";
      preProcess(facts, hooks.preProcessScenes);
    } else if (several && hooks.filterScenes !== undefined) {
      box.running = "filterScenes";
      filter(facts, hooks.filterScenes, inputMetadata);
    }
    let bands = "null";
    if (hooks.updateOutput !== undefined) {
      box.running = "updateOutput";
      bands = update(facts, hooks.updateOutput);
    }
    let kept = "";
    for (let i = 0; i < parts.length; i++) kept += (i === 0 ? "" : ",") + parts[i].indices;
    return `"kept":[${kept}],"bands":${bands}`;
  };
};
