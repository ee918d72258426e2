// Scenes as scripts find them: the documented objects, and the older lists of entries whose `date`
// is a Date (section 3.4 of the reference). One set of facts, `part`, per input of the script:
//
//   { id, mosaicking, kind: "orbits" | "tiles", items: JSON of each candidate,
//     all: JSON of them all, kept: of those that the script kept, indices: which, from, to }
//
// Whatever is handed to the script is made afresh from JSON, so that nothing it does to one of
// these objects reaches another stage.
(kernel) => {
  "use strict";

  const { create, hold, RealDate } = kernel;
  const { parse } = JSON;
  const { floor } = Math;
  const arrayPrototype = Array.prototype;
  const getTime = Date.prototype.getTime;

  const DAY = 86400000;

  // JSON of a list of candidates.
  kernel.listText = (part, indices) => {
    let text = "";
    for (let i = 0; i < indices.length; i++) text += (i === 0 ? "" : ",") + part.items[indices[i]];
    return `[${text}]`;
  };

  // An entry of the older lists. orbitId grows with the day, as scripts rely on that sort by it.
  function dated(item) {
    const date = new RealDate(item.date === undefined ? item.dateFrom : item.date);
    const orbitId = floor(kernel.apply(getTime, date, []) / DAY);
    // A literal and a spread call no setters, and are fast where there are thousands.
    return { ...item, date, orbitId, ...(item.shId === undefined ? null : { tileId: item.shId }) };
  }

  // A true array of entries.
  function datedList(text) {
    const list = parse(text);
    for (let i = 0; i < list.length; i++) list[i] = dated(list[i]);
    return list;
  }

  // An object with orbits or tiles that can be read like the older list too; the list's part is
  // not enumerable, so that Object.keys and JSON show the documented form.
  function both(part) {
    const scenes = create(arrayPrototype);
    hold(scenes, part.kind, parse(part.kept));
    const list = datedList(part.kept);
    for (let i = 0; i < list.length; i++) hold(scenes, i, list[i], false);
    hold(scenes, "length", list.length, false);
    return scenes;
  }

  // What a script of version 1 or 2 finds: a list as long as its samples.
  function listed(part) {
    const list = datedList(part.kept);
    if (part.mosaicking !== "SIMPLE") return list;
    const first = list.length > 0 ? list[0] : dated({ date: part.to });
    const one = [null];
    one[0] = first;
    return one;
  }

  // The second argument of evaluatePixel.
  function makeScenes(facts) {
    const { parts } = facts;
    if (!facts.fusion) return served(facts, parts[0]);
    const all = {};
    for (let i = 0; i < parts.length; i++) {
      const scenes = served(facts, parts[i]);
      const input = {};
      hold(input, "scenes", scenes);
      if (scenes[parts[i].kind] !== undefined) {
        hold(input, parts[i].kind, scenes[parts[i].kind], false);
      }
      hold(all, parts[i].id, input);
    }
    return all;
  }

  function served(facts, part) {
    if (facts.listed) return listed(part);
    return part.mosaicking === "SIMPLE" ? {} : both(part);
  }

  // Under SIMPLE only the last hook learns which scenes were used.
  function addUsed(facts, scenes) {
    const { parts } = facts;
    for (let i = 0; i < parts.length; i++) {
      if (parts[i].mosaicking !== "SIMPLE" || facts.listed) continue;
      const of = facts.fusion ? scenes[parts[i].id] : { scenes };
      if (of !== undefined && of !== null) hold(of.scenes, "tiles", parse(parts[i].kept));
    }
  }

  kernel.dated = dated;
  kernel.datedList = datedList;
  kernel.makeScenes = makeScenes;
  kernel.addUsed = addUsed;
};
