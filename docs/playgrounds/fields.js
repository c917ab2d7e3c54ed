// A layer's maps around their picture: turn the picture, and the maps turn and change places; a wrong layer passes them on wrongly.

import { clamp, frame, give, handle, html, plane, put_words, show, svg } from "./frame.js";
import { GROUPS, act, average_defect, carry, cycles, defect, difference, field, filters, move_field, pixels, places, quotients, sources } from "./maths/fields.js";

const [WIDTH, HEIGHT] = [420, 434];
const CENTRES = [[105, 128], [315, 128]];
const LAYERS = { lifting: "lifting", backwards: "turned backwards", one: "one filter" };
const NAMES = Array.from({ length: 9 }, (_, k) => `w${k + 1}`);
const as_weights = (values) => Object.fromEntries(NAMES.map((name, k) => [name, values[k]]));
const FILTERS = {
  edge: [-1, 0, 1, -1, 0, 1, -1, 0, 1],
  line: [-1, 2, -1, -1, 2, -1, -1, 2, -1],
  corner: [-1, -1, -1, -1, 1, 1, -1, 1, 1],
  hook: [1, 1, 0, 0, 1, 0, 0, -1, 0],
};
const start_state = { angle: 90, mirror: "no", group: "turns", layer: "lifting", picture: "F", ...as_weights(FILTERS.edge) };
const limits = {
  angle: [0, 359], mirror: ["no", "yes"], group: Object.keys(GROUPS), layer: Object.keys(LAYERS), picture: /^(F|S|A|plus|[01]{81})$/,
  ...Object.fromEntries(NAMES.map((name) => [name, [-9, 9]])),
};
const TONES = ["var(--c2)", "var(--c3)", "var(--c4)", "var(--c6)"]; // the four places; blue and orange are signs
const SIZES = { // a map, from the middle of one to the next, the picture in the middle, and what stands beside a map
  turns: { side: 62, pitch: 65, hub: 62, icon: 20, icon_at: [-44, 12], badge_at: [25, 25] },
  mirrors: { side: 44, pitch: 46, hub: 90, icon: 16, icon_at: [-33, 9], badge_at: [-16, 16] },
  alone: { side: 62, hub: 62, icon: 20, icon_at: [-60, 0], badge_at: [25, 25] },
};
const APART = 45; // one map alone turns where it is: it needs room, and so does its picture

const weights = (s) => NAMES.map((name) => s[name]);
const mirrored = (s) => s.group === "mirrors" && s.mirror === "yes";
const on_grid = (s) => s.angle % 90 === 0;
const sizes_of = (s) => SIZES[s.layer === "one" ? "alone" : s.group];
const middle = (s) => [0, s.layer === "one" ? -APART : 0];
const move = (s) => [mirrored(s), Math.floor(s.angle / 90)];
const strongest = (numbers) => Math.max(...numbers.map(Math.abs)) || 1;
const written = (weight) => show(weight, Number.isInteger(weight) ? 0 : 2);
const percent = (share) => (share < 1e-9 ? "0 %" : `${show(100 * share, 0)} %`);
/** Return what a function of layer, filter, picture, move and group gives for a state, or for another layer or move. */
const of_state = (f, s, layer = s.layer, g = move(s)) => f(layer, weights(s), pixels(s.picture), g, s.group);

/** Put the picture into one sentence. */
const say = (s) => {
  const moved = `${mirrored(s) ? "Mirrored, then turned" : "Turned"} by ${show(s.angle, 0)} degrees`;
  if (!on_grid(s)) return `${moved}, between two quarter turns.`;
  return `${moved}. Layer ${LAYERS[s.layer]}: the two orders differ by ${percent(of_state(defect, s)).replace("%", "per cent")}.`;
};

export const caption = "One filter in four positions reads the picture and gives four maps. Drag the dot at its corner: they turn and change places; number and colour say which is which.";

/** Return a function that paints numbers as the cells of a square around the origin, the stronger the larger they are. */
const cells = (parent, tones = ["var(--c1)", "var(--c0)"]) => {
  let painted = "";
  return (values, top, side) => {
    const key = `${values} ${top} ${side}`;
    if (key === painted) return;
    painted = key;
    const n = Math.sqrt(values.length);
    const size = side / n;
    const levels = new Map();
    values.forEach((value, i) => {
      const level = Math.round((8 * value) / top);
      const corner = `M${(((i % n) - n / 2) * size - 0.05).toFixed(2)} ${((Math.floor(i / n) - n / 2) * size - 0.05).toFixed(2)}`;
      const edge = (size + 0.1).toFixed(2); // a little too large, else the paper shines through between cells that are turned
      if (level) levels.set(level, `${levels.get(level) ?? ""}${corner}h${edge}v${edge}h-${edge}z`);
    });
    parent.replaceChildren();
    for (const [level, d] of levels) {
      svg("path", { d, style: `fill: color-mix(in srgb, ${tones[level > 0 ? 1 : 0]} ${Math.min(100, 12.5 * Math.abs(level))}%, var(--paper))` }, parent);
    }
  };
};
const INK = ["var(--ink)", "var(--ink)"];

/**
 * Add a square of n × n cells that a pointer, or arrow keys and Space, change one by one.
 * `press(cell, first)` changes one, `first` at the start of a stroke; `tell(where, cell)` hears where the keys have gone.
 */
const sheet = (board, { name, n, side, at: [left, top], press, tell, settle, signal }) => {
  const size = side / n;
  const mark = svg("g", { class: "play-sheet is-draggable", tabindex: 0, role: "img", "aria-label": `${name}: press a cell, or go there with the arrow keys and press Space` }, board.root);
  svg("rect", { class: "paper", x: left, y: top, width: side, height: side }, mark);
  const inside = svg("g", { transform: `translate(${left + side / 2} ${top + side / 2})` }, mark);
  const lines = Array.from({ length: n + 1 }, (_, i) => `M${left + i * size} ${top}v${side}M${left} ${top + i * size}h${side}`);
  svg("path", { class: "grid-still", d: lines.join("") }, mark);
  const cursor = svg("rect", { class: "cursor", width: size, height: size }, mark);
  const cell_at = (event) => {
    const box = board.root.getBoundingClientRect();
    const [x, y] = [((event.clientX - box.left) * WIDTH) / box.width - left, ((event.clientY - box.top) * HEIGHT) / box.height - top];
    return [x, y].map((v) => clamp(Math.floor(v / size), 0, n - 1));
  };
  let here = [0, 0];
  let pen = null;
  const go = ([x, y]) => {
    here = [clamp(x, 0, n - 1), clamp(y, 0, n - 1)];
    give(cursor, "x", left + here[0] * size);
    give(cursor, "y", top + here[1] * size);
  };
  go(here);
  mark.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false, signal }); // else the page scrolls
  mark.addEventListener("pointerdown", (event) => {
    if (event.button || pen !== null) return;
    mark.setPointerCapture(event.pointerId);
    pen = event.pointerId;
    go(cell_at(event));
    press(n * here[1] + here[0], true);
  }, { signal });
  mark.addEventListener("pointermove", (event) => {
    if (pen !== event.pointerId) return;
    const [from, to] = [here, cell_at(event)];
    const steps = Math.max(Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1])); // a fast pen leaves no gaps
    for (let i = 1; i <= steps; i += 1) {
      go([0, 1].map((k) => Math.round(from[k] + ((to[k] - from[k]) * i) / steps)));
      press(n * here[1] + here[0], false);
    }
  }, { signal });
  const lift = (event) => {
    if (pen !== event.pointerId) return;
    pen = null;
    settle();
  };
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) mark.addEventListener(end, lift, { signal });
  mark.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const presses = [" ", "Enter"].includes(event.key);
    if (!way && !presses) return;
    event.preventDefault();
    if (way) go(here.map((v, k) => v + way[k] * (event.shiftKey ? 10 : 1)));
    else press(n * here[1] + here[0], true);
    tell(`Row ${here[1] + 1}, column ${here[0] + 1}`, n * here[1] + here[0]);
    settle();
  }, { signal });
  return inside;
};

const STILL = [false, 0];
/** Return the attribute that puts something with its middle at a place, carried by a mirror and a turn. */
const carried = ([x, y], [flip, degrees]) => `translate(${x.toFixed(2)} ${(-y).toFixed(2)}) rotate(${-degrees})${flip ? " scale(-1 1)" : ""}`;
/** Put a square of a size where it belongs: its middle, and how it is carried. */
const put = ({ holder, squares }, side, middle_at, by) => {
  give(holder, "transform", carried(middle_at, by));
  for (const square of squares) {
    for (const [key, value] of Object.entries({ x: -side / 2, y: -side / 2, width: side, height: side })) give(square, key, value);
  }
};

/** Add a picture with the maps of its layer around it; return the function that paints them. */
const wheel = (board, [x, y]) => {
  const root = svg("g", { transform: `translate(${x} ${y})` }, board.root);
  const spin = svg("g", {}, root); // what turns as one is turned as one: a single attribute a frame
  const part = (css, tones) => {
    const holder = svg("g", {}, spin);
    const paper = svg("rect", { class: "paper" }, holder);
    const paint = cells(svg("g", {}, holder), tones);
    return { holder, paint, squares: [paper, svg("rect", { class: css }, holder)] };
  };
  const badges = svg("g", {}, root);
  const numbered = () => {
    const holder = svg("g", { class: "badge" }, badges);
    return { holder, dot: svg("circle", { r: 7.5 }, holder), text: svg("text", { class: "on-colour", y: 4.5 }, holder) };
  };
  let hub = null;
  let cards = [];
  /** Paint a picture and its maps, carried along by a turn that need not be a quarter; `found` numbers them, `right` says which are. */
  return ({ picture, maps, positions, group, sizes, by, top, reach, found, right }) => {
    const alone = positions.length === 1;
    if (cards.length !== positions.length) {
      spin.replaceChildren();
      badges.replaceChildren();
      hub = part("card", INK);
      cards = positions.map(() => ({ map: part("card"), filter: part("map"), badge: numbered() }));
    }
    const own = alone ? by : STILL; // one map alone turns where it is, and so does its picture
    give(spin, "transform", carried([0, 0], alone ? STILL : by));
    put(hub, sizes.hub, [0, alone ? -APART : 0], own);
    hub.paint(picture, 1, sizes.hub);
    cards.forEach(({ map, filter, badge }, h) => {
      const [flip, quarters] = GROUPS.mirrors[h]; // the turns are the first four of them
      const beside = (offset) => carry([flip, 90 * quarters], offset);
      const centre = alone ? [0, APART] : places(group)[h].map((v) => v * sizes.pitch);
      const from_centre = (offset, move_by) => {
        const [from, way] = [alone ? centre : carry(move_by, centre), carry(move_by, offset)];
        return [from[0] + way[0], from[1] + way[1]];
      };
      put(map, sizes.side, centre, own);
      map.paint(maps[h] ?? [0], top, sizes.side);
      // The filter of a map turns with it; that of one map alone stays.
      const out = beside(sizes.icon_at);
      put(filter, sizes.icon, [centre[0] + out[0], centre[1] + out[1]], STILL);
      filter.paint(positions[h], reach, sizes.icon);
      const tone = !found ? "var(--line)" : found[h] < 0 ? "var(--red)" : TONES[found[h] % 4];
      const frame_of = map.squares[1];
      give(frame_of, "style", `--tone: ${tone}`);
      give(frame_of, "class", right[h] === false ? "card is-wrong" : "card");
      const [bx, by_] = from_centre(beside(sizes.badge_at), by);
      give(badge.holder, "transform", `translate(${bx.toFixed(2)} ${(-by_).toFixed(2)})`);
      give(badge.holder, "visibility", found ? "visible" : "hidden");
      give(badge.dot, "style", `fill: ${tone}`);
      put_words(badge.text, !found ? "" : found[h] < 0 ? "≠" : `${found[h]}`);
    });
  };
};

/** Start the playground in a room. */
export const start = (room, options) => {
  let told = ""; // the cell that the keys have gone to
  const speak = (s) => {
    const words = told || say(s);
    told = "";
    return words;
  };
  const play = frame(room, { ...options, start: start_state, limits, say: speak, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 1, origin: CENTRES[0], label: "A picture with the maps of its layer around it: moved after the layer, and moved before it" });
  const title = (words, x, y, css = "tick middle") => Object.assign(svg("text", { x, y, class: css }, board.root), { textContent: words });
  title("layer first, then move", CENTRES[0][0], 15);
  const second = title("", CENTRES[1][0], 15);
  const wheels = CENTRES.map((centre) => wheel(board, centre));
  const sign = title("", WIDTH / 2, 16, "sign middle");
  const corner = () => sizes_of(state).hub / 2 + 4;
  const grip = handle(board, {
    name: "The corner of the picture", css: "one", signal, settle, step: 3,
    at: () => carry([false, state.angle], [corner(), corner()]).map((v, k) => v + middle(state)[k]),
    place: (point) => {
      const [x, y] = point.map((v, k) => v - middle(state)[k]);
      const angle = (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 315) % 360;
      const quarter = 90 * Math.round(angle / 90);
      const away = (a) => Math.abs(((a - quarter + 540) % 360) - 180);
      const falls = away(angle) < 9 && away(angle) < away(state.angle); // into place, when it comes near a quarter turn
      change({ angle: falls ? quarter % 360 : angle });
    },
  });

  title("the picture: paint it", 102, 256);
  title("the filter: press a weight", 315, 256);
  let ink = 1;
  const tell = (read_cell) => (where, cell) => (told = `${where}: ${read_cell(cell)}.`);
  const painting = cells(sheet(board, {
    name: "The picture", n: 9, side: 162, at: [21, 264], settle, signal, tell: tell((cell) => (pixels(state.picture)[cell] ? "ink" : "empty")),
    press: (cell, first) => {
      const values = pixels(state.picture);
      if (first) ink = 1 - values[cell];
      values[cell] = ink;
      change({ picture: values.join("") });
    },
  }), INK);
  const weighing = sheet(board, {
    name: "The filter", n: 3, side: 108, at: [261, 264], settle, signal, tell: tell((cell) => written(state[NAMES[cell]])),
    press: (cell, first) => {
      const now = state[NAMES[cell]];
      if (first) change({ [NAMES[cell]]: now === 0 ? 1 : now > 0 ? -1 : 0 });
    },
  });
  const paint_filter = cells(svg("g", {}, weighing));
  const numbers = NAMES.map((_, k) => svg("text", { class: "entry", x: 36 * ((k % 3) - 1), y: 36 * (Math.floor(k / 3) - 1) + 4.5 }, weighing));

  const choice = play.choice("layer", "Layer, and by how much its two orders differ", LAYERS);
  choice.classList.add("play-errors");
  const table = html("table", { class: "play-table" }, choice);
  const head = html("tr", {}, html("thead", {}, table));
  for (const text of ["layer", "in its maps", "average"]) html("th", { text, scope: "col" }, head);
  const body = html("tbody", {}, table);
  const rows = [...choice.querySelectorAll("label")].map((label, i) => {
    const [layer, name] = Object.entries(LAYERS)[i];
    const row = html("tr", {}, body);
    html("th", { scope: "row" }, row).append(label);
    const output = (what) => html("output", { "aria-live": "off", "aria-label": `${name}: ${what}` }, html("td", {}, row));
    const maps = output("the maps differ by");
    const bar = html("meter", { min: 0, max: 2, "aria-hidden": "true" }, maps.parentElement);
    return { layer, maps, bar, average: output("the average after ReLU differs by") };
  });
  play.board.append(choice);

  const task = play.task();
  play.presets("Turn to the left by", Object.fromEntries([0, 90, 180, 270].map((angle) => [`${angle}°`, { angle }])));
  play.choice("group", "Group", { turns: "turns: 4 maps", mirrors: "and mirrors: 8" });
  play.choice("mirror", "Mirror the picture first", { no: "no", yes: "yes" }).classList.add("for-mirrors");
  play.presets("Picture", { F: { picture: "F" }, S: { picture: "S" }, A: { picture: "A" }, "+": { picture: "plus" }, empty: { picture: "0".repeat(81) } });
  play.presets("Filter", Object.fromEntries(Object.entries(FILTERS).map(([name, values]) => [name, as_weights(values)])));
  const fold = html("details", { class: "play-fold" }, play.side);
  html("summary", { text: "the weights as numbers" }, fold);
  const fields = html("fieldset", { class: "play-matrix play-three", "aria-label": "The nine weights" }, fold);
  NAMES.forEach((name, k) => play.field(fields, name, `weight in row ${Math.floor(k / 3) + 1}, column ${(k % 3) + 1}`, { step: 0.5 }));
  const readings = { wanted: play.reading("the maps should change as"), found: play.reading("here they change as") };

  const draw_wheels = () => {
    const { layer, group } = state;
    const [w, x, g] = [weights(state), pixels(state.picture), move(state)];
    const maps = field(layer, w, x, group);
    const own = maps.map((_, h) => h);
    const same = { group, sizes: sizes_of(state), positions: filters(layer, w, group), top: strongest(field("lifting", w, x, group).flat()), reach: strongest(w) };
    wheels[0]({ ...same, picture: x, maps, by: [mirrored(state), state.angle], found: own, right: own });
    if (!on_grid(state)) {
      wheels[1]({ ...same, picture: [0], maps: [], by: [false, 0], right: [] });
      put_words(sign, "…");
      put_words(second, "only at quarter turns");
      return;
    }
    const [answers, wanted] = [field(layer, w, act(g, x), group), move_field(g, maps, group)];
    const right = answers.map((map, h) => difference(map, wanted[h]) < 1e-9);
    wheels[1]({ ...same, picture: act(g, x), maps: answers, by: [false, 0], found: of_state(sources, state), right });
    put_words(sign, right.every(Boolean) ? "=" : "≠");
    put_words(second, "move first, then layer");
  };

  const draw = () => {
    give(room, "data-group", state.group);
    draw_wheels();
    grip();
    painting(pixels(state.picture), 1, 162);
    const w = weights(state);
    paint_filter(w, 1.8 * strongest(w), 108); // paler than the maps, for the numbers on it
    numbers.forEach((text, k) => put_words(text, written(w[k])));
    for (const row of rows) {
      const share = on_grid(state) ? of_state(defect, state, row.layer) : 0;
      put_words(row.maps, on_grid(state) ? percent(share) : "–");
      give(row.bar, "value", share);
      put_words(row.average, on_grid(state) ? percent(of_state(average_defect, state, row.layer)) : "–");
    }
    const known = on_grid(state) && state.layer !== "one";
    readings.wanted(known ? cycles(quotients(move(state), state.group)) : "–");
    readings.found(known ? cycles(of_state(sources, state)) : "–");
    if (state.layer === "backwards") {
      task(
        "this layer is wrong, yet at one move besides “nothing” its error is 0 %. Which? And at which moves does its average, over maps and pixels after a ReLU, give it away?",
        state.angle === 180 && !mirrored(state) && of_state(defect, state, "backwards", [false, 1]) > 1e-9,
        "At the half turn: maps that go two places backwards are where they would be two places forwards. The average gives it away at no move. The maps are the right ones in a wrong order, and an average does not see the order. So test the layer itself, and with a quarter turn.",
      );
    } else {
      const alike = difference(act([false, 1], w), w) < 1e-9;
      task(
        "find a filter with weights beside the middle one for which “one filter” (last row of the table) has no error at a quarter turn either.",
        alike && w.some((value, k) => k !== 4 && value !== 0),
        "It has to look alike from all four sides: one number in the four corners, one at the four sides, any in the middle. Then all maps are equal, and one would do. The price: such a filter answers an upright edge and a level one alike. The lifting layer has no error for any filter.",
      );
    }
  };
  play.finish();
};
