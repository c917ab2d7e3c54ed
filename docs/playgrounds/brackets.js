// Drive, turn, drive back, turn back: the robot does not come home, and how far it is off grows with the square.

import { clamp, frame, handle, plane, show, svg, trace } from "./frame.js";
import { loop } from "./maths/motions.js";

const [WIDTH, HEIGHT] = [420, 330];
const start_state = { t: 0.6, first: "drive" };
const limits = { t: [0.05, 1.2], first: ["drive", "turn"] };
const off = (s) => loop(s.t, s.first).at(-1);

/** Put the picture into one sentence. */
const say = (s) => `After the loop with t = ${show(s.t)} the robot stands at (${show(off(s)[0])}, ${show(off(s)[1])}), turned by ${show(off(s)[2])}.`;

export const caption = "Drag the end of the first leg. Each move is undone, and the robot is not where it began.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 160, origin: [50, 130], label: "The path of a robot that drives, turns, drives back and turns back" });
  svg("path", { class: "grid-still", d: [-2, -1, 0, 1].map((i) => board.path([[-0.3, i / 2], [1.3, i / 2]]) + board.path([[(i + 1) / 2, -1.2], [(i + 1) / 2, 0.8]])).join("") }, board.root);
  const way = svg("path", { class: "curve" }, board.root);
  const home = svg("path", { class: "car faint" }, board.root);
  const cars = [1, 2, 3].map(() => svg("path", { class: "car faint" }, board.root));
  const last = svg("path", { class: "car" }, board.root);
  const gap = svg("path", { class: "opposite" }, board.root);
  // Beside it: the distance from home against t.
  const inset = ([t, d]) => [282 + 100 * t, 290 - 130 * d];
  const put = (points) => trace(inset, points);
  svg("path", { class: "axis", d: put([[0, 1.6], [0, 0], [1.25, 0]]) }, board.root);
  const times = Array.from({ length: 61 }, (_, i) => i / 50);
  svg("path", { class: "truth", d: put(times.map((t) => [t, t * t])) }, board.root);
  const measured = svg("path", { class: "curve thin" }, board.root);
  const dot = svg("circle", { class: "foot nearest", r: 6 }, board.root);
  for (const [words, x, y, css] of [["t", 402, 306, "tick"], ["distance", 262, 76, "tick"], ["t²", 372, 122, "truth-name"]]) {
    svg("text", { x, y, class: css }, board.root).textContent = words;
  }
  const grip = handle(board, {
    name: "How far the first leg goes", css: "one", signal, settle, step: 0.05,
    at: () => [state.t, 0], place: ([x]) => change({ t: Math.round(clamp(x, ...limits.t) * 100) / 100 }),
  });
  const task = play.task();
  play.choice("first", "Do first", { drive: "drive", turn: "turn" });
  play.slider(play.side, "t", "each move by t");
  const readings = { right: play.reading("off, straight ahead"), left: play.reading("off, to the left"), ratio: play.reading("distance / t²") };
  const car = ([x, y, heading]) => {
    const at = (a, b) => [x + a * Math.cos(heading) - b * Math.sin(heading), y + a * Math.sin(heading) + b * Math.cos(heading)];
    return board.path([at(-0.07, -0.05), at(0.09, 0), at(-0.07, 0.05)], true);
  };

  const draw = () => {
    const poses = loop(state.t, state.first);
    way.setAttribute("d", board.path(poses.map(([x, y]) => [x, y])));
    home.setAttribute("d", car(poses[0]));
    cars.forEach((shape, i) => shape.setAttribute("d", car(poses[i + 1])));
    last.setAttribute("d", car(poses[4]));
    gap.setAttribute("d", board.path([[0, 0], poses[4].slice(0, 2)]));
    const away = (t) => Math.hypot(...loop(t, state.first).at(-1).slice(0, 2));
    measured.setAttribute("d", put(times.map((t) => [t, away(t)])));
    const [cx, cy] = inset([state.t, away(state.t)]);
    dot.setAttribute("cx", cx.toFixed(1));
    dot.setAttribute("cy", cy.toFixed(1));
    grip();
    readings.right(show(poses[4][0], 3));
    readings.left(show(poses[4][1], 3));
    readings.ratio(show(away(state.t) / state.t ** 2, 3));
    task(
      "halve t twice. By what factor does the distance fall? Then make the robot end on the other side.",
      state.first === "turn" && state.t <= 0.31,
      "Each halving divides the distance by about 4: the terms with t cancel, and t² is what remains. Turning first sends the robot the other way, because the bracket changes its sign with the order. Ahead it is off by about t³/2 only, so for small t the robot has moved sideways, which is neither of the two moves.",
    );
  };
  play.finish();
};
