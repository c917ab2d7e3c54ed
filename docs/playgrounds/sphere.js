// Draw on a globe; the same stroke in three maps. Where a stroke is torn, the map is at fault, not the globe.

import { clamp, frame, give, handle, plane, show, svg, trace, write_at } from "./frame.js";
import { angles, point, stereographic } from "./maths/sphere.js";
import { camera, runs } from "./space.js";

const [WIDTH, HEIGHT] = [420, 440];
const start_state = { longitude: 60, polar: 8.6, eye: 20, stroke: "north" };
const limits = { longitude: [-180, 180], polar: [0, 180], eye: [-180, 180], stroke: /^(poles|north|parallel|(-?\d+:\d+;?)*)$/ };
const radians = (a) => (a * Math.PI) / 180;
const degrees = (a) => (a * 180) / Math.PI;
const pen = (s) => point([radians(s.longitude), radians(s.polar)]);
const STEPS = 240;

/** Return a circle of the sphere around an axis. */
const circle = (axis, height) => {
  const [a, b] = axis[2] > 0.9 ? [[1, 0, 0], [0, 1, 0]] : [[0, 0, 1], [axis[1], -axis[0], 0]];
  const radius = Math.sqrt(1 - height * height);
  return Array.from({ length: STEPS + 1 }, (_, i) => {
    const t = (2 * Math.PI * i) / STEPS;
    return [0, 1, 2].map((k) => height * axis[k] + radius * (Math.cos(t) * a[k] + Math.sin(t) * b[k]));
  });
};
const STROKES = {
  poles: ["over both poles", circle([0.5, Math.sqrt(0.75), 0], 0)],
  north: ["past the north pole", circle([0.5, Math.sqrt(0.75), 0], 0.15)],
  parallel: ["along a parallel", circle([0, 0, 1], 0.4)],
};
const LONGEST = 150;

/** Return the points of a stroke: a ready one, or one of the reader's own, kept as tenths of degrees "longitude:polar;…". */
const points_of = (stroke) =>
  STROKES[stroke]?.[1] ?? stroke.split(";").filter(Boolean).map((pair) => point(pair.split(":").map((tenths) => radians(tenths / 10))));
const own = (stroke) => !(stroke in STROKES);

/** Put the picture into one sentence. */
const say = (s) => `Longitude ${show(s.longitude, 0)}, angle from the pole ${show(s.polar, 0)} degrees.`;

export const caption = "Each drag of the pen over the globe is a stroke; or choose one. The three maps show the same stroke; a tear is dashed.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 92, origin: [106, 108], label: "A globe with a stroke, and the stroke in angles and in both stereographic maps" });
  const on = (x, y, unit) => ({ ...board, to: ([a, b]) => [x + unit * a, y - unit * b] });
  const path = (place, points, closed) => trace(place.to, points, closed);
  const clip = (name, x, y, width, height) => svg("rect", { x, y, width, height }, svg("clipPath", { id: `${name}-${options.key}` }, svg("defs", {}, board.root)));
  const maps = [
    { name: "angles", title: "longitude →, angle from N ↓", box: [218, 24, 196, 100], place: on(316, 24, 31.2), of: (p) => { const [a, b] = angles(p); return [a, -b]; }, tear: 1 },
    { name: "north", title: "from the north pole", box: [12, 240, 190, 190], place: on(107, 335, 36), of: (p) => stereographic(p, 1), tear: 4 },
    { name: "south", title: "from the south pole", box: [222, 240, 190, 190], place: on(317, 335, 36), of: (p) => stereographic(p, -1), tear: 4 },
  ];
  for (const map of maps) {
    const [x, y, width, height] = map.box;
    clip(map.name, x, y, width, height);
    svg("rect", { class: "map", x, y, width, height }, board.root);
    svg("text", { class: "tick", x: x + 2, y: y - 6 }, board.root).textContent = map.title;
    if (map.name === "angles") {
      svg("path", { class: "opposite thin", d: `M${x + 1} ${y}V${y + height}M${x + width - 1} ${y}V${y + height}` }, board.root);
      for (const [words, dx] of [["−180°", 0], ["0°", 91], ["180°", 166]]) svg("text", { class: "tick", x: x + dx, y: y + height + 14 }, board.root).textContent = words;
    }
    const inside = svg("g", { "clip-path": `url(#${map.name}-${options.key})` }, board.root);
    if (map.name !== "angles") svg("path", { class: "grid-moved", d: path(map.place, Array.from({ length: 73 }, (_, i) => [Math.cos((i * Math.PI) / 36), Math.sin((i * Math.PI) / 36)]), true) }, inside);
    map.line = svg("path", { class: "curve" }, inside);
    map.torn = svg("path", { class: "opposite" }, inside);
    map.dot = svg("circle", { class: "bead two", r: 5 }, inside);
  }
  const globe = svg("path", { class: "grid-moved" }, board.root);
  const hidden = svg("path", { class: "grid-still" }, board.root);
  svg("circle", { class: "frame", cx: 106, cy: 108, r: 92, fill: "none" }, board.root);
  const back = svg("path", { class: "curve thin back" }, board.root);
  const front = svg("path", { class: "curve" }, board.root);
  const poles = svg("path", { class: "axis" }, board.root);
  const seam = svg("path", { class: "opposite thin" }, board.root);
  const names = { N: svg("text", {}, board.root), S: svg("text", {}, board.root), seam: svg("text", { class: "opposite-name" }, board.root) };
  const eye = () => camera(state.eye, 24);
  const grip = handle(board, {
    name: "The pen", css: "two", signal, settle, step: 0.06,
    begin: () => change({ stroke: "" }), // a drag is a stroke; keys go on with it
    at: () => eye().project(pen(state)),
    place: ([x, y]) => {
      const length = Math.hypot(x, y);
      const [a, b] = length > 0.995 ? [(x / length) * 0.995, (y / length) * 0.995] : [x, y];
      const here = eye().lift([a, b, Math.sqrt(1 - a * a - b * b)]);
      const [longitude, polar] = angles(here);
      const [a10, b10] = [Math.round(degrees(longitude) * 10), Math.round(clamp(degrees(polar), 0, 180) * 10)];
      const before = own(state.stroke) ? state.stroke.split(";").filter(Boolean) : [];
      // A stroke is kept as points two degrees apart or more: a long one still fits into an address.
      const last = before.length ? point(before.at(-1).split(":").map((tenths) => radians(tenths / 10))) : [0, 0, 0];
      const far = here.some((v, k) => Math.abs(v - last[k]) > 0.03);
      const stroke = far ? [...before, `${a10}:${b10}`].slice(-LONGEST).join(";") : state.stroke;
      change({ longitude: a10 / 10, polar: b10 / 10, stroke: own(stroke) ? stroke : "" });
    },
  });
  const task = play.task();
  const strokes = Object.entries(STROKES).map(([stroke, [name, points]]) => {
    const [longitude, polar] = angles(points[0]).map((a) => Math.round(degrees(a) * 10) / 10);
    return [name, { longitude, polar, stroke }];
  });
  play.presets("Draw", { ...Object.fromEntries(strokes), clear: { stroke: "" } });
  play.slider(play.side, "eye", "walk around the globe", { step: 1, text: (a) => `${show(a, 0)}°` });
  const row = play.group("The pen, in degrees");
  row.classList.add("play-pair");
  play.field(row, "longitude", "longitude", { step: 5 });
  play.field(row, "polar", "angle from the north pole", { step: 5, short: "from N" });
  const readings = { angles: play.reading("tears in the angles"), north: play.reading("off the north map"), south: play.reading("off the south map") };

  const rings = [];
  for (let i = 1; i < 6; i += 1) rings.push(Array.from({ length: 49 }, (_, k) => point([(k * Math.PI) / 24, (i * Math.PI) / 6])));
  for (let i = 0; i < 12; i += 1) rings.push(Array.from({ length: 25 }, (_, k) => point([(i * Math.PI) / 6, (k * Math.PI) / 24])));
  let walked = null;

  const draw = () => {
    const view = eye();
    if (walked !== state.eye) {
      walked = state.eye;
      const split = rings.map((ring) => runs(ring.map(view.project)));
      give(globe, "d", split.flatMap(({ front: f }) => f).map((run) => path(board, run)).join(""));
      give(hidden, "d", split.flatMap(({ back: b }) => b).map((run) => path(board, run)).join(""));
      give(poles, "d", [1, -1].filter((z) => view.project([0, 0, z])[2] > 0).map((z) => path(board, [view.project([0, 0, z]), view.project([0, 0, 1.2 * z])])).join(""));
      const cut = runs(rings[5 + 6].map(view.project)).front;
      give(seam, "d", cut.map((run) => path(board, run)).join(""));
      write_at(board, names.N, view.project([0, 0, 1.2]), "N", [-12, 2]);
      write_at(board, names.S, view.project([0, 0, -1.2]), "S", [-12, 6]);
      write_at(board, names.seam, view.project(point([Math.PI, radians(75)])), view.project(point([Math.PI, radians(75)]))[2] > 0.1 && "±180°", [4, 4]);
    }
    const stroke = points_of(state.stroke);
    const seen = runs(stroke.map(view.project));
    give(front, "d", seen.front.map((run) => path(board, run)).join(""));
    give(back, "d", seen.back.map((run) => path(board, run)).join(""));
    const tears = {};
    for (const map of maps) {
      const image = stroke.map(map.of);
      const good = [[]];
      const bad = [];
      image.forEach((p, i) => {
        const near = i > 0 && Math.hypot(p[0] - image[i - 1][0], p[1] - image[i - 1][1]) < map.tear && Math.hypot(...p) < 60;
        if (i > 0 && !near) {
          good.push([]);
          if (Math.hypot(...p) < 60 && Math.hypot(...image[i - 1]) < 60) bad.push([image[i - 1], p]);
        }
        good.at(-1).push(p);
      });
      give(map.line, "d", good.filter((run) => run.length > 1).map((run) => path(map.place, run)).join(""));
      give(map.torn, "d", bad.map((run) => path(map.place, run)).join(""));
      const [x, y] = map.place.to(map.of(pen(state)));
      give(map.dot, "cx", Number.isFinite(x) ? clamp(x, -50, 500).toFixed(1) : -50); // at its pole a map has no place for the pen
      give(map.dot, "cy", Number.isFinite(y) ? clamp(y, -50, 500).toFixed(1) : -50);
      tears[map.name] = map.name === "angles" ? bad.length : image.filter((p) => !(Math.hypot(...p) <= 2.6)).length;
    }
    grip();
    readings.angles(`${tears.angles}`);
    for (const name of ["north", "south"]) readings[name](`${show((100 * tears[name]) / Math.max(1, stroke.length), 0)} % of the stroke`);
    task(
      "walk around the globe to the red line, put the pen beside it, and draw a stroke that stays whole in both stereographic maps and is torn in the angles.",
      own(state.stroke) && stroke.length > 8 && tears.angles > 0 && tears.north + tears.south === 0,
      "Draw across the red line, where the longitude jumps from 180° to −180°, away from the poles. Nothing happens on the globe there; the jump is the map’s. A stereographic map has just one bad point, its pole, and the other map has that point in its middle.",
    );
  };
  play.finish();
};
