// The dot product as a shadow with a sign, and what becomes of angles in high dimension.

import { arrow, clamp, frame, give, handle, plane, put_words, show, svg, trace, write_at } from "./frame.js";
import { angle, cosine_density, dot, signed_length } from "./maths/dot.js";

const [WIDTH, HEIGHT] = [420, 470];
const start_state = { vx: 2, vy: 1, wx: 1, wy: 2.2, n: 3 };
const limits = { vx: [-3, 3], vy: [-2.4, 2.4], wx: [-3, 3], wy: [-2.4, 2.4], n: [2, 1024] };
const v = (s) => [s.vx, s.vy];
const w = (s) => [s.wx, s.wy];
const none = (s) => Math.hypot(...v(s)) < 1e-9 || Math.hypot(...w(s)) < 1e-9;

/** Put the picture into one sentence. */
const say = (s) => (none(s) ? "One of the two is the zero vector: the dot product is 0." : `Dot product ${show(dot(v(s), w(s)))}, angle ${show(angle(v(s), w(s)), 0)} degrees.`);

export const caption = "Drag v and w. Thick: the shadow of w. Thin: lines of equal v · w.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 62, origin: [210, 165], label: "Two vectors and the shadow of one on the other; below, the cosines of random directions" });
  const clip = `clip-${options.key}`;
  svg("rect", { x: 4, y: 4, width: 412, height: 322 }, svg("clipPath", { id: clip }, svg("defs", {}, board.root)));
  const picture = svg("g", { "clip-path": `url(#${clip})` }, board.root);
  const levels = svg("path", { class: "grid-moved" }, picture);
  const line = svg("path", { class: "axis" }, picture);
  const drop = svg("path", { class: "normal saddle" }, picture);
  const shadow = svg("path", { class: "shadow" }, picture);
  const first = svg("path", { class: "vector one" }, picture);
  const second = svg("path", { class: "vector two" }, picture);
  const values = Array.from({ length: 21 }, () => svg("text", { class: "tick middle" }, picture));
  const names = ["one", "two"].map((css) => svg("text", { class: css }, board.root));
  const put = (x, y) => (p) => {
    const [a, b] = [Math.round(clamp(p[0], -3, 3) * 20) / 20, Math.round(clamp(p[1], -2.4, 2.4) * 20) / 20];
    change({ [x]: a, [y]: b });
  };
  const grips = [
    handle(board, { name: "Vector v", css: "one", at: () => v(state), place: put("vx", "vy"), settle, step: 0.05, signal }),
    handle(board, { name: "Vector w", css: "two", at: () => w(state), place: put("wx", "wy"), settle, step: 0.05, signal }),
  ];
  const strip = ([c, share]) => [210 + 180 * c, 448 - 100 * share];
  svg("path", { class: "axis", d: `M30 448L390 448` }, board.root);
  const hill = svg("path", { class: "hill" }, board.root);
  for (const [words, x, css] of [["−1", 24, "tick"], ["0", 206, "tick"], ["1", 386, "tick"]]) svg("text", { x, y: 464, class: css }, board.root).textContent = words;
  const caption = svg("text", { x: 30, y: 346, class: "tick" }, board.root);
  const task = play.task();
  for (const [name, x, y] of [["v", "vx", "vy"], ["w", "wx", "wy"]]) {
    const row = play.group(`Vector ${name}`);
    row.classList.add("play-pair", name === "v" ? "one" : "two");
    play.field(row, x, `${name}, right`, { step: 0.05, short: "right" });
    play.field(row, y, `${name}, up`, { step: 0.05, short: "up" });
  }
  play.slider(play.side, "n", "dimension n", { step: 1, log: true, text: (n) => `${n}` });
  play.presets("Dimension", { 2: { n: 2 }, 3: { n: 3 }, 32: { n: 32 }, 512: { n: 512 } });
  const readings = { dot: play.reading("v · w"), shadow: play.reading("signed shadow of w"), angle: play.reading("angle"), spread: play.reading("usual size of a cosine, 1/√n") };

  const draw = () => {
    const [a, b] = [v(state), w(state)];
    const length = Math.hypot(...a);
    const unit = length ? a.map((c) => c / length) : [1, 0];
    const normal = [-unit[1], unit[0]];
    const at = (s, t) => [s * unit[0] + t * normal[0], s * unit[1] + t * normal[1]];
    const marks = length > 0.15 ? Array.from({ length: 41 }, (_, i) => (i - 20) / length) : [];
    give(levels, "d", marks.map((s) => board.path([at(s, -6), at(s, 6)])).join(""));
    give(line, "d", board.path([at(-6, 0), at(6, 0)]));
    // A number on every line, or on every second where they are close, on the side where w is not.
    const side = dot(normal, b) > 0 ? -1 : 1;
    const every = 62 / (length || 1) < 26 ? 2 : 1;
    values.forEach((text, i) => {
      const value = (i - 10) * every;
      const [x, y] = board.to(at(value / (length || 1), side * 0.26));
      const seen = length > 0.15 && x > 14 && x < 406 && y > 16 && y < 322;
      put_words(text, seen ? show(value, 0) : "");
      for (const [key, number] of [["x", x], ["y", y + 4]]) seen ? give(text, key, number.toFixed(1)) : text.removeAttribute(key);
    });
    const s = length ? signed_length(a, b) : 0;
    give(drop, "d", board.path([b, at(s, 0)]));
    give(shadow, "d", board.path([[0, 0], at(s, 0)]));
    give(shadow, "data-sign", s < 0 ? "negative" : "positive");
    give(first, "d", arrow(board, [0, 0], a, 10, 9));
    give(second, "d", arrow(board, [0, 0], b, 10, 9));
    [["v", a], ["w", b]].forEach(([words, p], i) => write_at(board, names[i], p, words, [12, -8]));
    grips.forEach((place) => place());
    const cosines = Array.from({ length: 181 }, (_, i) => (i - 90) / 90.5);
    const heights = cosines.map((c) => cosine_density(state.n, c));
    const top = Math.max(...heights.slice(60, 121), cosine_density(state.n, 0));
    give(hill, "d", trace(strip, cosines.map((c, i) => [c, Math.min((0.8 * heights[i]) / top, 0.9)])) + "L390 448L30 448Z");
    put_words(caption, `cosines of random directions in ${state.n} dimensions`);
    readings.dot(show(dot(a, b)));
    readings.shadow(length ? show(s) : "–");
    readings.angle(none(state) ? "–" : `${show(angle(a, b), 0)}°`);
    readings.spread(show(1 / Math.sqrt(state.n), 3));
    task(
      "move w without changing v · w. Which way may it go? Then make the dot product zero with two vectors longer than 2.",
      length > 2 && Math.hypot(...b) > 2 && Math.abs(dot(a, b)) < 0.005,
      "w may slide along its thin line, at a right angle to v: only the shadow counts. On the line through the origin the shadow is a point and the product 0. Now raise n: in the plane a right angle is one among many, in 512 dimensions almost all pairs of directions are close to it.",
    );
  };
  play.finish();
};
