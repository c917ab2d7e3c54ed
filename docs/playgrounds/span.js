// Two arrows and a target: how many steps along each arrow lead there.

import { arrow, clamp, frame, give, handle, plane, show, svg, write_at } from "./frame.js";
import { coordinates, determinant, svd } from "./maths/plane.js";

const SIZE = 420;
const start_state = { bx: 2, by: 0.5, cx: 0.5, cy: 1.5, tx: 3, ty: 2.5 };
const limits = Object.fromEntries(Object.keys(start_state).map((name) => [name, [-3.4, 3.4]]));

const arrows = (s) => [s.bx, s.cx, s.by, s.cy]; // the matrix whose columns are the two arrows
const parallel = (s) => Math.abs(determinant(arrows(s))) < 1e-9;
const condition = (s) => {
  const { sigma } = svd(arrows(s));
  return sigma[1] < 1e-9 ? Infinity : sigma[0] / sigma[1];
};

/** Put the picture into one sentence. */
const say = (s) => {
  if (parallel(s)) return "The two arrows lie on one line: their span is that line, or a point.";
  const [p, q] = coordinates(arrows(s), [s.tx, s.ty]);
  return `The target is ${show(p)} times the first arrow plus ${show(q)} times the second.`;
};

export const caption = "Drag the arrows and the target. The dotted way uses only steps along the arrows.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: SIZE, height: SIZE, unit: 60, label: "Two arrows, the grid that they make, and a target" });
  const grid = svg("path", { class: "grid-moved" }, board.root);
  const line = svg("path", { class: "eigenline" }, board.root);
  svg("path", { class: "axis", d: board.path([[-3.5, 0], [3.5, 0]]) + board.path([[0, -3.5], [0, 3.5]]) }, board.root);
  const first_step = svg("path", { class: "step one" }, board.root);
  const second_step = svg("path", { class: "step two" }, board.root);
  const first = svg("path", { class: "vector one" }, board.root);
  const second = svg("path", { class: "vector two" }, board.root);
  const names = ["one", "two", "three", "one", "two"].map((css) => svg("text", { class: css }, board.root));

  const put = (x, y) => (point) => {
    const [px, py] = point.map((v) => Math.round(clamp(v, -3.4, 3.4) * 20) / 20);
    change({ [x]: px, [y]: py });
  };
  const points = [["First arrow", "one", "bx", "by"], ["Second arrow", "two", "cx", "cy"], ["Target", "three", "tx", "ty"]];
  const grips = points.map(([name, css, x, y]) =>
    handle(board, { name, css, at: () => [state[x], state[y]], place: put(x, y), settle, step: 0.05, signal }));

  const task = play.task();
  for (const [name, css, x, y] of points) {
    const row = play.group(name);
    row.classList.add("play-pair", css);
    play.field(row, x, `${name}, right`, { step: 0.05, short: "right" });
    play.field(row, y, `${name}, up`, { step: 0.05, short: "up" });
  }
  const readings = { p: play.reading("steps along the first"), q: play.reading("steps along the second"), condition: play.reading("condition number") };

  const draw = () => {
    const [b, c, t] = [[state.bx, state.by], [state.cx, state.cy], [state.tx, state.ty]];
    const flat = parallel(state);
    const far = (v, k) => [v[0] * k, v[1] * k];
    const reach = 40;
    const rays = [];
    if (!flat) {
      for (let i = -30; i <= 30; i += 1) {
        rays.push(board.path([[i * b[0] - reach * c[0], i * b[1] - reach * c[1]], [i * b[0] + reach * c[0], i * b[1] + reach * c[1]]]));
        rays.push(board.path([[i * c[0] - reach * b[0], i * c[1] - reach * b[1]], [i * c[0] + reach * b[0], i * c[1] + reach * b[1]]]));
      }
    }
    give(grid, "d", rays.join(""));
    const along = Math.hypot(...b) > Math.hypot(...c) ? b : c;
    give(line, "d", flat && Math.hypot(...along) > 0 ? board.path([far(along, -50), far(along, 50)]) : "");
    give(first, "d", arrow(board, [0, 0], b, 10, 9));
    give(second, "d", arrow(board, [0, 0], c, 10, 9));
    const [p, q] = flat ? [0, 0] : coordinates(arrows(state), t);
    const corner = far(b, p);
    give(first_step, "d", flat ? "" : arrow(board, [0, 0], corner, 12));
    give(second_step, "d", flat ? "" : arrow(board, corner, t, 12, 9));
    [["b₁", b], ["b₂", c], ["target", t]].forEach(([words, at], i) => write_at(board, names[i], at, words, [14, i ? -10 : 18]));
    const tips = [[0, 0], b, c, t].map(board.to);
    const clear = (p) => Math.min(...tips.map((tip) => Math.hypot(tip[0] - board.to(p)[0], tip[1] - board.to(p)[1])));
    // The counts stand beside their steps, where these are on the board and away from the arrows' tips.
    const beside = (text, from, to, count, words, away) => {
      const places = [0.5, 0.7, 0.3, 0.85, 0.15].map((share) => from.map((v, k) => v + share * (to[k] - v)));
      const middle = places.find((p) => clear(p) > 38) ?? places[0];
      const fits = !flat && middle.every((v) => Math.abs(v) < 3.2) && clear(middle) > 24 && Math.hypot(to[0] - from[0], to[1] - from[1]) > 0.5;
      write_at(board, text, middle, fits && `${show(count)} ${words}`, away);
    };
    beside(names[3], [0, 0], corner, p, "b₁", [-6, 22]);
    beside(names[4], corner, t, q, "b₂", [10, 5]);
    grips.forEach((place) => place());
    const area = (v, w) => Math.abs(v[0] * w[1] - v[1] * w[0]);
    const reached = Math.hypot(...along) > 0 ? area(along, t) < 1e-9 : Math.hypot(...t) === 0;
    const without = reached ? "any number will do" : "none will do";
    readings.p(flat ? without : show(p));
    readings.q(flat ? without : show(q));
    readings.condition(Number.isFinite(condition(state)) ? show(condition(state), 1) : "∞");
    const short = [b, c, t].every((v) => Math.hypot(...v) <= 2.5);
    task(
      "with all three arrows at most 2.5 long, make a step count larger than 10.",
      !flat && short && Math.max(Math.abs(p), Math.abs(q)) > 10,
      "Let b₁ and b₂ point almost the same way, and the target somewhere else. The grid becomes long and thin, and one walks far forwards along one arrow and almost as far back along the other. The steps are right, but move the target a little and they change a lot: by up to the condition number times as much, each as a share.",
    );
  };
  play.finish();
};
