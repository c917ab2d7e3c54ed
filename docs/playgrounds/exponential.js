// The exponential as many small steps: each follows the velocity a little too straight.

import { frame, give, handle, plane, show, svg, write_at } from "./frame.js";
import { steps } from "./maths/exponential.js";

const [WIDTH, HEIGHT] = [420, 400];
const start_state = { angle: 180, n: 6 };
const limits = { angle: [0, 360], n: [1, 200] };
const radians = (s) => (s.angle * Math.PI) / 180;
const exact = (s) => [Math.cos(radians(s)), Math.sin(radians(s))];
const end = (s) => steps(radians(s), s.n).at(-1);
const error = (s) => Math.hypot(end(s)[0] - exact(s)[0], end(s)[1] - exact(s)[1]);

/** Put the picture into one sentence. */
const say = (s) => `${s.n} steps towards ${show(s.angle, 0)} degrees end ${show(error(s), 3)} from the true point.`;

export const caption = "Drag the end of the arc and choose the number of straight steps; together they are as long as the arc. Dashed: what they miss.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 92, origin: [230, 215], label: "A quarter-turn velocity, followed in small steps" });
  svg("path", { class: "axis", d: board.path([[-2.4, 0], [2, 0]]) + board.path([[0, -1.9], [0, 2.2]]) }, board.root);
  const circle = Array.from({ length: 121 }, (_, i) => [Math.cos((i * Math.PI) / 60), Math.sin((i * Math.PI) / 60)]);
  svg("path", { class: "grid-moved", d: board.path(circle, true) }, board.root);
  const arc = svg("path", { class: "curve" }, board.root);
  const walk = svg("path", { class: "walk" }, board.root);
  const dots = svg("path", { class: "beads" }, board.root);
  const gap = svg("path", { class: "opposite" }, board.root);
  const grip = handle(board, {
    name: "The true end of the turn", css: "one", signal, settle, step: 0.05, at: () => exact(state),
    place: ([x, y]) => change({ angle: (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360 }),
  });
  const names = ["exact", "steps"].map((words, i) => Object.assign(svg("text", { class: ["one", "two"][i] }, board.root), { textContent: words }));
  const task = play.task();
  play.slider(play.side, "angle", "turn θ", { step: 1, text: (a) => `${show(a, 0)}°` });
  play.slider(play.side, "n", "steps n", { step: 1, log: true, text: (n) => `${n}` });
  play.presets("Number of steps", { 1: { n: 1 }, 4: { n: 4 }, 16: { n: 16 }, 64: { n: 64 } });
  const readings = { length: play.reading("end: distance from the centre"), error: play.reading("end: distance from the truth"), times: play.reading("the latter, times n") };

  const draw = () => {
    const theta = radians(state);
    give(arc, "d", board.path(Array.from({ length: 121 }, (_, i) => [Math.cos((theta * i) / 120), Math.sin((theta * i) / 120)])));
    const points = steps(theta, state.n);
    give(walk, "d", board.path(points));
    give(dots, "d", state.n <= 40 ? points.slice(1).map((p) => `${board.path([p])}h0`).join("") : "");
    give(gap, "d", board.path([points.at(-1), exact(state)]));
    grip();
    const radius = Math.hypot(...points.at(-1));
    write_at(board, names[0], exact(state).map((c) => 0.74 * c), "exact", [-18, 5]);
    write_at(board, names[1], points.at(-1), radius > 1.25 && (state.n === 1 ? "1 step" : `${state.n} steps`), [-14, 24]);
    readings.length(show(Math.hypot(...points.at(-1)), 3));
    readings.error(show(error(state), 3));
    readings.times(show(error(state) * state.n, 2));
    const enough = (n) => error({ ...state, n }) < 0.05;
    task(
      "for a half turn, with how few steps is the end within 0.05 of the truth?",
      state.angle === 180 && enough(state.n) && !enough(state.n - 1),
      "With 102. The distance times n hardly changes from n = 60 on: it tends to θ²/2 = 4.93. So the error falls like 1/n, and one more correct digit costs ten times as many steps. Every step also leads a little outwards; that is why the chain ends too far from the centre.",
    );
  };
  play.finish();
};
