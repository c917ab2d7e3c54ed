// A molecule, a layer of attention, and a motion: does it matter whether one moves first or attends first?

import { arrow, clamp, frame, give, handle, html, plane, show, svg } from "./frame.js";
import { centred, layer, move, twin } from "./maths/attention.js";

const SIZE = 420;
const MIX = [0.2, 1.1, -0.4, 0.9];
const SHARPNESS = 0.8;
const start_state = { which: "layer", angle: 50, right: 0, up: 0, ax: 1.4, ay: 0.3, bx: 0.2, by: 1.1, cx: -1.1, cy: 0.2, dx: -0.2, dy: -0.9 };
const limits = { which: ["layer", "twin", "centred"], angle: [-180, 180], right: [-1.5, 1.5], up: [-1.5, 1.5], ...Object.fromEntries(["ax", "ay", "bx", "by", "cx", "cy", "dx", "dy"].map((name) => [name, [-1.8, 1.8]])) };
const ATOMS = ["a", "b", "c", "d"];
const atoms = (s) => ATOMS.map((name) => [s[`${name}x`], s[`${name}y`]]);
const motion = (s) => (points) => move(points, (s.angle * Math.PI) / 180, [s.right, s.up]);
const NAMES = { layer: "on vectors", twin: "on coordinates", centred: "on vectors, centred" };
const NETWORKS = {
  layer: (points) => layer(points, SHARPNESS),
  twin: (points) => twin(points, SHARPNESS, MIX),
  centred: (points) => centred(points, SHARPNESS),
};

/** Return what comes out when the molecule is moved first, and when it is moved last. */
const both = (s, which = s.which) => [NETWORKS[which](motion(s)(atoms(s))), motion(s)(NETWORKS[which](atoms(s)))];
const error = (s, which) => {
  const [first, last] = both(s, which);
  return Math.max(...first.map((p, i) => Math.hypot(p[0] - last[i][0], p[1] - last[i][1])));
};

/** Put the picture into one sentence. */
const say = (s) => `Moving first and moving last differ by ${show(error(s), 3)}.`;

export const caption = "Drag the grey atoms; the sliders turn and shift them (orange). Green dots: moved first, then attention. Rings: attention first, then moved.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: SIZE, height: SIZE, unit: 66, label: "A molecule before and after a motion, and where attention sends its atoms" });
  svg("path", { class: "axis", d: board.path([[-3.1, 0], [3.1, 0]]) + board.path([[0, -3.1], [0, 3.1]]) }, board.root);
  const before = svg("path", { class: "bond faint" }, board.root);
  const after = svg("path", { class: "bond" }, board.root);
  const steps = svg("path", { class: "vector one thin" }, board.root);
  const circles = (group, css, r) => {
    const holder = svg("g", { class: group }, board.root);
    return ATOMS.map(() => svg("circle", { class: css, r }, holder));
  };
  const wanted = circles("wanted", "wrong", 9);
  const found = circles("found", "foot nearest", 4);
  const dots = circles("cloud", "", 6);
  const grips = ATOMS.map((name) =>
    handle(board, {
      name: `Atom ${name}`, css: "faint-handle", signal, settle, step: 0.05,
      at: () => [state[`${name}x`], state[`${name}y`]],
      place: (p) => {
        const [x, y] = p.map((v) => Math.round(clamp(v, -1.8, 1.8) * 20) / 20);
        change({ [`${name}x`]: x, [`${name}y`]: y });
      },
    }));
  const task = play.task();
  play.choice("which", "Attention", NAMES);
  play.slider(play.side, "angle", "turn", { step: 1, text: (a) => `${show(a, 0)}°` });
  play.slider(play.side, "right", "move right", { step: 0.05 });
  play.slider(play.side, "up", "move up", { step: 0.05 });
  const fold = html("details", { class: "play-fold" }, play.side);
  html("summary", { text: "the atoms a, b, c, d as numbers" }, fold);
  const shape = html("div", { class: "play-pair" }, fold);
  for (const name of ATOMS) {
    play.field(shape, `${name}x`, `atom ${name}, right`, { step: 0.05, short: `${name}, right` });
    play.field(shape, `${name}y`, `atom ${name}, up`, { step: 0.05, short: "up" });
  }
  const readings = Object.entries({ layer: "vectors", twin: "coordinates", centred: "centred" }).map(([which, words]) => ({ which, ...play.meter(`largest miss: ${words}`) }));
  let tried = false;

  const draw = () => {
    const points = atoms(state);
    const moved = motion(state)(points);
    give(before, "d", board.path(points, true));
    give(after, "d", board.path(moved, true));
    const [first, last] = both(state);
    give(steps, "d", moved.map((p, i) => arrow(board, p, first[i], 7)).join(""));
    for (const [circles, points_of] of [[dots, moved], [found, first], [wanted, last]]) {
      points_of.forEach((p, i) => board.to(p).forEach((value, k) => give(circles[i], ["cx", "cy"][k], value.toFixed(1))));
    }
    grips.forEach((place) => place());
    for (const { which, set } of readings) {
      const away = error(state, which);
      set(away < 1e-12 ? "0" : show(away, 3), away);
    }
    const moved_far = Math.abs(state.angle) > 20 && Math.hypot(state.right, state.up) > 0.3;
    tried ||= moved_far && state.which === "centred" && error(state) < 1e-9;
    task(
      "turn the atoms and shift them. With which of the three layers does every dot stay in its ring, with which only as long as you do not shift?",
      tried,
      "On vectors it survives every turn, since dot products do not change when all points turn. A shift changes them, and the dots leave their rings. Measured from the mean, the points do not notice a shift, and the centred layer survives both. On coordinates a matrix mixes right and up, and so it knows which way is up: it survives neither.",
    );
  };
  play.finish();
};
