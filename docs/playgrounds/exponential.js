// The exponential as many small steps: each follows the velocity a little too straight.

import { frame, handle, plane, show, svg } from "./frame.js";
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

export const caption = "Drag the end of the arc and choose the number of straight steps. The dashed line is what they miss.";

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
  const dots = svg("g", { class: "dots" }, board.root);
  const gap = svg("path", { class: "opposite" }, board.root);
  const grip = handle(board, {
    name: "The true end of the turn", css: "one", signal, settle, step: 0.05, at: () => exact(state),
    place: ([x, y]) => change({ angle: (Math.round((Math.atan2(y, x) * 180) / Math.PI) + 360) % 360 }),
  });
  const task = play.task();
  play.slider(play.side, "angle", "turn θ", { step: 1, text: (a) => `${show(a, 0)}°` });
  play.slider(play.side, "n", "steps n", { step: 1, text: (n) => `${n}` });
  play.presets("Number of steps", { 1: { n: 1 }, 4: { n: 4 }, 16: { n: 16 }, 64: { n: 64 } });
  const readings = { length: play.reading("end, from the centre"), error: play.reading("end, from the truth"), times: play.reading("that, times n") };

  const draw = () => {
    const theta = radians(state);
    arc.setAttribute("d", board.path(Array.from({ length: 121 }, (_, i) => [Math.cos((theta * i) / 120), Math.sin((theta * i) / 120)])));
    const points = steps(theta, state.n);
    walk.setAttribute("d", board.path(points));
    dots.replaceChildren();
    if (state.n <= 40) {
      for (const p of points.slice(1)) svg("circle", { cx: board.to(p)[0].toFixed(1), cy: board.to(p)[1].toFixed(1), r: 3.5 }, dots);
    }
    gap.setAttribute("d", board.path([points.at(-1), exact(state)]));
    grip();
    readings.length(show(Math.hypot(...points.at(-1)), 3));
    readings.error(show(error(state), 3));
    readings.times(show(error(state) * state.n, 2));
    task("for a half turn, with how few steps is the end within 0.05 of the truth?", state.angle === 180 && error(state) < 0.05);
  };
  play.finish();
};
