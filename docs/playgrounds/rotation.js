// Every rotation of space is a point of a ball: the axis is its direction, the angle its distance from the centre.

import { frame, give, handle, plane, show, svg, trace, write_at } from "./frame.js";
import { into_ball, rotation } from "./maths/exponential.js";
import { camera, runs } from "./space.js";

const [WIDTH, HEIGHT] = [420, 300];
const start_state = { x: 0.4, y: 1.2, z: 0.8 };
const limits = { x: [-6, 6], y: [-6, 6], z: [-6, 6] };
const eye = camera(35, 22);
const omega = (s) => [s.x, s.y, s.z];
const degrees = (angle) => (angle * 180) / Math.PI;
const FACES = [[[1, 0, 0], "one"], [[-1, 0, 0], "one"], [[0, 1, 0], "two"], [[0, -1, 0], "two"], [[0, 0, 1], "three"], [[0, 0, -1], "three"]];

/** Put the picture into one sentence. */
const say = (s) => `A turn by ${show(degrees(Math.hypot(...omega(s))), 0)} degrees.`;

/** Return the four corners of the face with an outer normal, once around. */
const corners_of = (normal) => {
  const axis = normal.findIndex((v) => v !== 0);
  const [i, j] = [0, 1, 2].filter((k) => k !== axis);
  return [[-1, -1], [1, -1], [1, 1], [-1, 1]].map(([p, q]) => {
    const corner = [0, 0, 0];
    corner[axis] = normal[axis];
    [corner[i], corner[j]] = [p, q];
    return corner;
  });
};

export const caption = "Drag the point through the ball of rotations: its direction is the axis, its distance from the centre the angle. The cube is turned that way.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const ball = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 38, origin: [140, 150], label: "The ball of all rotations, and a cube turned by the one at the point" });
  const cube = { ...ball, to: ([x, y]) => [340 + 34 * x, 150 - 34 * y] };
  const path = (board, points, closed) => trace(board.to, points, closed);
  const around = Array.from({ length: 73 }, (_, i) => (i * Math.PI) / 36);
  svg("path", { class: "curve", d: path(ball, around.map((t) => [Math.PI * Math.cos(t), Math.PI * Math.sin(t)]), true) }, ball.root);
  const equator = runs(around.map((t) => eye.project([Math.PI * Math.cos(t), Math.PI * Math.sin(t), 0])));
  svg("path", { class: "grid-moved back", d: equator.back.map((run) => path(ball, run)).join("") }, ball.root);
  svg("path", { class: "grid-moved", d: equator.front.map((run) => path(ball, run)).join("") }, ball.root);
  for (const [axis, css] of [[[1, 0, 0], "one"], [[0, 1, 0], "two"], [[0, 0, 1], "three"]]) {
    const tip = axis.map((v) => v * Math.PI);
    svg("path", { class: `spoke ${css}`, d: path(ball, [[0, 0], eye.project(tip)]) }, ball.root);
    write_at(ball, svg("text", { class: css }, ball.root), eye.project(tip.map((v) => 1.12 * v)), "xyz"[axis.indexOf(1)], [-4, 4]);
  }
  svg("text", { class: "tick middle", x: 140, y: 288 }, ball.root).textContent = "on the surface: turns by 180°";
  svg("text", { class: "tick middle", x: 340, y: 288 }, ball.root).textContent = "the cube, turned";
  const name = svg("text", { class: "four" }, ball.root);
  const foot = svg("path", { class: "normal saddle" }, ball.root);
  const ray = svg("path", { class: "vector four" }, ball.root);
  const faces = FACES.map(([, css]) => svg("path", { class: `face ${css}` }, ball.root));
  const letters = FACES.map(([normal], i) => {
    const letter = svg("text", { class: "face-name" }, ball.root);
    letter.textContent = `${i % 2 ? "−" : ""}${"xyz"[normal.findIndex((v) => v !== 0)]}`;
    return letter;
  });
  const twin = svg("circle", { class: "wrong", r: 7 }, ball.root);
  // While a gesture lasts the point moves in one plane, and may leave the ball: its depth must not change sides with it.
  let free = null;
  const grip = handle(ball, {
    name: "The rotation", css: "four", signal, step: 0.1,
    at: () => eye.project(omega(state)),
    place: ([right, up]) => {
      free = eye.lift([right, up, eye.project(free ?? omega(state))[2]]);
      const [x, y, z] = into_ball(free).map((v) => Math.round(v * 1000) / 1000);
      change({ x, y, z });
    },
    settle: () => {
      free = null;
      settle();
    },
  });
  const task = play.task();
  const row = play.group("Axis times angle ω, in radians");
  row.classList.add("play-three");
  for (const name of ["x", "y", "z"]) play.field(row, name, name, { step: 0.1 });
  play.presets("Turn by", {
    nothing: { x: 0, y: 0, z: 0 },
    "90° about z": { x: 0, y: 0, z: 1.5708 },
    "180° about x": { x: 3.1416, y: 0, z: 0 },
    "180° about −x": { x: -3.1416, y: 0, z: 0 },
  });
  const readings = { angle: play.reading("angle"), trace: play.reading("trace of the matrix") };
  let crossed = false;
  let last = null;

  const draw = () => {
    const w = into_ball(omega(state));
    if (w.some((v, i) => Math.abs(v - omega(state)[i]) > 1e-6)) Object.assign(state, { x: w[0], y: w[1], z: w[2] });
    if (last && Math.hypot(...w.map((v, i) => v - last[i])) > 4) crossed = true;
    last = w;
    const R = rotation(w);
    const turn = (p) => R.map((r) => r[0] * p[0] + r[1] * p[1] + r[2] * p[2]);
    const place = eye.project(w);
    give(ray, "d", path(ball, [[0, 0], place]));
    give(foot, "d", path(ball, [place, eye.project([w[0], w[1], 0])]));
    const angle = Math.hypot(...w);
    const opposite = eye.project(w.map((v) => -v));
    give(twin, "cx", ball.to(opposite)[0].toFixed(1));
    give(twin, "cy", ball.to(opposite)[1].toFixed(1));
    give(twin, "visibility", Math.PI - angle < 0.02 ? "visible" : "hidden");
    FACES.forEach(([normal], i) => {
      const seen = eye.project(turn(normal))[2] > 0.001;
      const corners = corners_of(normal).map((p) => eye.project(turn(p)));
      give(faces[i], "d", seen ? path(cube, corners, true) : "");
      const [lx, ly] = cube.to(eye.project(turn(normal)));
      give(letters[i], "x", lx.toFixed(1));
      give(letters[i], "y", (ly + 4).toFixed(1));
      give(letters[i], "visibility", eye.project(turn(normal))[2] > 0.25 ? "visible" : "hidden");
      give(faces[i], "data-side", normal.some((v) => v < 0) ? "minus" : "plus");
    });
    grip();
    write_at(ball, name, place, `${show(degrees(angle), 0)}°`, [13, -8]);
    readings.angle(`${show(degrees(angle), 0)}°`);
    readings.trace(show(R[0][0] + R[1][1] + R[2][2]));
    task(
      "drag the point out of the ball through its surface. Where does it come in again, and does the cube jump?",
      crossed,
      "It comes in at the opposite point, and the cube goes on turning without a jump: a turn by 190° about an axis is one by 170° about the opposite axis, and the turns by 180° about both are one and the same. So opposite points of the surface are one point, and the ball has no edge.",
    );
  };
  play.finish();
};
