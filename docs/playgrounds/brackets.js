// Drive, turn, drive back, turn back: the robot does not come home, and how far it is off grows with the square.

import { clamp, frame, give, handle, plane, show, svg, trace, write_at } from "./frame.js";
import { loop } from "./maths/motions.js";

const [WIDTH, HEIGHT] = [420, 330];
const start_state = { t: 0.6, first: "drive" };
const limits = { t: [0.05, 1], first: ["drive", "turn"] };
const LEGS = { drive: ["1. drive", "3. drive back"], turn: ["2. drive", "4. drive back"] };
/** Return both ends of the first drive, and of the drive back. */
const first_leg = (s) => loop(s.t, s.first).slice(...(s.first === "drive" ? [0, 2] : [1, 3]));
const last_leg = (s) => loop(s.t, s.first).slice(...(s.first === "drive" ? [2, 4] : [3, 5]));
const off = (s) => loop(s.t, s.first).at(-1);

/** Put the picture into one sentence. */
const say = (s) => `After the loop with t = ${show(s.t)} the robot stands at (${show(off(s)[0])}, ${show(off(s)[1])}), turned by ${show(off(s)[2])}.`;

export const caption = "Drag the end of the first drive. Each move is undone, yet the robot (orange) is not where it began (grey).";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 130, origin: [90, 160], label: "The path of a robot that drives, turns, drives back and turns back" });
  svg("path", { class: "grid-still", d: [-2, -1, 0, 1, 2].map((i) => board.path([[-0.65, i / 2], [1.25, i / 2]]) + (i < -1 ? "" : board.path([[i / 2, -1.25], [i / 2, 1.2]]))).join("") }, board.root);
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
  const names = ["start", "end", "", "", "distance"].map((words, i) => Object.assign(svg("text", { class: i < 4 ? "tick" : "opposite-name" }, board.root), { textContent: words }));
  const grip = handle(board, {
    name: "How far the first leg goes", css: "one small", signal, settle, step: 0.05,
    at: () => first_leg(state)[1],
    place: ([x, y]) => change({ t: Math.round(clamp(state.first === "drive" ? x : Math.hypot(x, y), ...limits.t) * 100) / 100 }),
  });
  const task = play.task();
  play.choice("first", "Do first", { drive: "drive", turn: "turn" });
  play.slider(play.side, "t", "each move by t");
  const readings = { far: play.reading("distance from the start"), right: play.reading("off, straight ahead"), left: play.reading("off, to the left"), ratio: play.reading("distance / t²") };
  const car = ([x, y, heading]) => {
    const at = (a, b) => [x + a * Math.cos(heading) - b * Math.sin(heading), y + a * Math.sin(heading) + b * Math.cos(heading)];
    return board.path([at(-0.1, -0.07), at(0.13, 0), at(-0.1, 0.07)], true);
  };

  const draw = () => {
    const poses = loop(state.t, state.first);
    give(way, "d", board.path(poses.map(([x, y]) => [x, y])));
    give(home, "d", car(poses[0]));
    cars.forEach((shape, i) => give(shape, "d", car(poses[i + 1])));
    give(last, "d", car(poses[4]));
    give(gap, "d", board.path([[0, 0], poses[4].slice(0, 2)]));
    const away = (t) => Math.hypot(...loop(t, state.first).at(-1).slice(0, 2));
    give(measured, "d", put(times.map((t) => [t, away(t)])));
    const [cx, cy] = inset([state.t, away(state.t)]);
    give(dot, "cx", cx.toFixed(1));
    give(dot, "cy", cy.toFixed(1));
    grip();
    const half = (a, b) => [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
    const drives = state.first === "drive";
    write_at(board, names[0], poses[0], "start", drives ? [-46, -14] : [-46, 24]);
    write_at(board, names[1], poses[4], "end", drives ? [-34, 26] : [-34, -16]);
    write_at(board, names[2], half(...first_leg(state)), state.t > 0.35 && LEGS[state.first][0], drives ? [-22, -10] : [12, 16]);
    write_at(board, names[3], half(...last_leg(state)), state.t > 0.35 && LEGS[state.first][1], drives ? [10, 18] : [-30, -10]);
    write_at(board, names[4], half(poses[0], poses[4]), state.t > 0.5 && show(away(state.t)), drives ? [-36, 10] : [-40, 10]);
    readings.far(show(away(state.t), 3));
    readings.right(show(poses[4][0], 3));
    readings.left(show(poses[4][1], 3));
    readings.ratio(show(away(state.t) / state.t ** 2, 3));
    task(
      "halve t twice: by what factor does the distance fall? Then, with so small a t, make the robot end on the other side.",
      state.first === "turn" && state.t <= 0.31,
      "Each halving divides the distance by about 4: the terms with t cancel, and t² is what remains. Turning first sends the robot the other way, because the bracket changes its sign with the order. Ahead it is off by about t³/2 only, so for small t the robot has moved sideways, which is neither of the two moves.",
    );
  };
  play.finish();
};
