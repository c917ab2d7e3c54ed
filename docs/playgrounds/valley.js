// Two weights and their product: the product moves on a line, the weights on a landscape with a saddle.

import { arrow, clamp, frame, give, handle, plane, show, svg, trace, write_at } from "./frame.js";
import { descend, loss } from "./maths/valley.js";

const [WIDTH, HEIGHT] = [420, 470];
const start_state = { a: 1.8, b: -0.6, target: 1 };
const limits = { a: [-2.4, 2.4], b: [-2.4, 2.4], target: [-1.5, 1.5] };
const path_of = (s) => descend(s.a, s.b, s.target, 0.01, 4000);

/** Put the picture into one sentence. */
const say = (s) => {
  const [x, y] = path_of(s).at(-1);
  return `From weights ${show(s.a)} and ${show(s.b)}, product ${show(s.a * s.b)}, descent ends at product ${show(x * y)}.`;
};

export const caption = "Drag the two weights. On a thin line the loss is the same; orange is gradient descent. The bead below is the product.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 68, origin: [210, 175], label: "The landscape of two weights, and the line of their product" });
  const clip = `clip-${options.key}`;
  svg("rect", { x: 40, y: 5, width: 340, height: 340 }, svg("clipPath", { id: clip }, svg("defs", {}, board.root)));
  const picture = svg("g", { "clip-path": `url(#${clip})` }, board.root);
  const levels = svg("path", { class: "grid-moved" }, picture);
  const valley = svg("path", { class: "truth" }, picture);
  svg("path", { class: "axis", d: board.path([[-2.5, 0], [2.5, 0]]) + board.path([[0, -2.5], [0, 2.5]]) }, picture);
  const way = svg("path", { class: "walk" }, picture);
  const last = svg("circle", { class: "foot nearest", r: 6 }, picture);
  const labels = [["a", [2.38, -0.22]], ["b", [0.12, 2.3]]];
  for (const [words, at] of labels) svg("text", { x: board.to(at)[0], y: board.to(at)[1], class: "tick" }, board.root).textContent = words;
  // Below: the loss over the product p = ab, a parabola.
  const strip = ([p, l]) => [210 + 52 * p, 452 - 9 * l];
  const put = (points) => trace(strip, points);
  svg("path", { class: "axis", d: put([[-3.2, 0], [3.2, 0]]) }, board.root);
  const parabola = svg("path", { class: "curve" }, board.root);
  const now = svg("circle", { class: "bead one", r: 7 }, board.root);
  const then = svg("circle", { class: "foot nearest", r: 5 }, board.root);
  svg("text", { x: 368, y: 466, class: "tick" }, board.root).textContent = "p = ab";
  svg("text", { x: 30, y: 372, class: "tick" }, board.root).textContent = "loss";
  const name = svg("text", { class: "truth-name" }, board.root);
  const grip = handle(board, {
    name: "The two weights", css: "one", signal, settle, step: 0.05,
    at: () => [state.a, state.b],
    place: (point) => {
      const [a, b] = point.map((v) => Math.round(clamp(v, -2.4, 2.4) * 20) / 20);
      change({ a, b });
    },
  });
  const task = play.task();
  const row = play.group("Weights a and b");
  row.classList.add("play-pair");
  play.field(row, "a", "weight a", { step: 0.05, short: "a" });
  play.field(row, "b", "weight b", { step: 0.05, short: "b" });
  play.slider(play.side, "target", "wanted product", { step: 0.05 });
  const readings = { product: play.reading("product ab"), loss: play.reading("loss"), end: play.reading("descent ends at loss"), kept: play.reading("a² − b², at start and end") };
  /** Return the head of an arrow a little way along a walk. */
  const head = (points) => {
    const far = (p, q) => Math.hypot(p[0] - q[0], p[1] - q[1]);
    const i = points.findIndex((p) => far(p, points[0]) > 0.5 * Math.min(1, far(points[0], points.at(-1))));
    if (i < 1 || far(points[i], points[i - 1]) < 1e-9) return "";
    const length = far(points[i], points[i - 1]);
    return arrow(board, points[i].map((v, k) => v - (0.22 * (v - points[i - 1][k])) / length), points[i], 9);
  };
  const hyperbola = (c) => {
    const points = [];
    for (let x = 0.05; x <= 2.6; x += 0.05) points.push([x, c / x]);
    const seen = points.filter(([, y]) => Math.abs(y) < 3);
    return board.path(seen) + board.path(seen.map(([x, y]) => [-x, -y]));
  };

  const draw = () => {
    const { a, b, target } = state;
    const rings = [0.25, 1, 2.25, 4, 6.25];
    give(levels, "d", rings.flatMap((l) => [hyperbola(target + Math.sqrt(l)), hyperbola(target - Math.sqrt(l))]).join(""));
    give(valley, "d", hyperbola(target));
    const walked = path_of(state);
    give(way, "d", board.path(walked.filter((_, i) => i % 20 === 0 || i === walked.length - 1)) + head(walked));
    const [x, y] = walked.at(-1);
    const place = (dot, at) => {
      give(dot, "cx", at[0].toFixed(1));
      give(dot, "cy", at[1].toFixed(1));
    };
    place(last, board.to([x, y]));
    give(parabola, "d", put(Array.from({ length: 129 }, (_, i) => (i - 64) / 20).map((p) => [p, (p - target) ** 2]).filter(([, l]) => l <= 10)));
    place(now, strip([clamp(a * b, target - 3.16, target + 3.16), Math.min(loss(a, b, target), 10)]));
    place(then, strip([x * y, loss(x, y, target)]));
    grip();
    const left = [-2.45, target / -2.45]; // where a branch of the green curve leaves the picture
    write_at(board, name, left, `ab = ${show(target)}`, [4, target > 0 ? -8 : 16]);
    readings.product(show(a * b));
    readings.loss(show(loss(a, b, target), 3));
    readings.end(show(loss(x, y, target), 3));
    readings.kept(`${show(a * a - b * b)},  ${show(x * x - y * y)}`);
    task(
      "the parabola below has no trap. Find weights, not both zero, from which descent still stops at a positive loss.",
      Math.hypot(a, b) > 0.3 && loss(x, y, target) > 0.01,
      "For a positive product begin with b = −a, for a negative one with b = a. Along a smooth descent a² − b² does not change; where it is 0 and the signs are wrong, the only way leads down to the saddle at (0, 0), where the slope is 0 and the loss is not. The loss as a function of the product has no such place; it comes with the two weights.",
    );
  };
  play.finish();
};
