// A point and an ellipse: from where are there four normals, and from where only two?

import { clamp, frame, give, handle, plane, show, svg, write_at } from "./frame.js";
import { bend, critical, evolute, nearest, point } from "./maths/ellipse.js";

const SIZE = 420;
const A = 2.6;
const start_state = { x: 0.6, y: 0.3, b: 1.5 };
const limits = { x: [-3.3, 3.3], y: [-3.3, 3.3], b: [1, 2.6] };
const user = (s) => [s.x, s.y];
const round = (s) => A - s.b < 0.005;

/** Put the picture into one sentence. */
const say = (s) => (round(s) && Math.hypot(s.x, s.y) < 0.005 ? "At the centre of a circle every point is critical." : `${critical(A, s.b, user(s)).length} critical points.`);

export const caption = "Drag u. Each line meets the ellipse at a right angle: green at the nearest point, dashed where the distance is a local maximum.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: SIZE, height: SIZE, unit: 60, label: "An ellipse, a point, and the normals through it" });
  const curve = Array.from({ length: 241 }, (_, i) => (i * Math.PI) / 120);
  const inner = svg("path", { class: "evolute" }, board.root);
  const ellipse = svg("path", { class: "curve" }, board.root);
  const normals = svg("g", {}, board.root);
  const grip = handle(board, {
    name: "The point u", css: "two", signal, settle, step: 0.05,
    at: () => user(state),
    place: (p) => {
      const [x, y] = p.map((v) => Math.round(clamp(v, -3.3, 3.3) * 50) / 50);
      change({ x, y });
    },
  });
  const name = svg("text", { class: "two" }, board.root);
  const place_name = svg("text", { class: "ink evolute-name" }, board.root);

  const task = play.task();
  play.slider(play.side, "b", "height of the ellipse", { text: (b) => (A - b < 0.005 ? "a circle" : show(b)) });
  const row = play.group("The point u");
  row.classList.add("play-pair");
  play.field(row, "x", "u, right", { step: 0.05, short: "right" });
  play.field(row, "y", "u, up", { step: 0.05, short: "up" });
  const readings = { count: play.reading("critical points"), minima: play.reading("of these, local minima"), near: play.reading("distance to the nearest") };

  const draw = () => {
    const { b } = state;
    const u = user(state);
    give(ellipse, "d", board.path(curve.map((t) => point(A, b, t)), true));
    give(inner, "d", round(state) ? "" : board.path(curve.map((t) => evolute(A, b, t)), true));
    const everywhere = round(state) && Math.hypot(...u) < 0.005;
    const found = everywhere ? [] : critical(A, b, u);
    const best = everywhere ? 0 : nearest(A, b, u, found);
    normals.replaceChildren();
    for (const t of found) {
      const foot = point(A, b, t);
      const kind = t === best ? "nearest" : bend(A, b, u, t) > 0 ? "minimum" : "saddle";
      svg("path", { class: `normal ${kind}`, d: board.path([u, foot]) }, normals);
      const [cx, cy] = board.to(foot);
      svg("circle", { class: `foot ${kind}`, cx: cx.toFixed(1), cy: cy.toFixed(1), r: 6 }, normals);
    }
    grip();
    write_at(board, name, u, "u");
    write_at(board, place_name, evolute(A, b, Math.PI / 2), !round(state) && "evolute", [14, 4]);
    readings.count(everywhere ? "every point" : `${found.length}`);
    readings.near(show(Math.hypot(point(A, b, best)[0] - u[0], point(A, b, best)[1] - u[1])));
    readings.minima(everywhere ? "–" : `${found.filter((t) => bend(A, b, u, t) > 0).length}`);
    task(
      "find a point outside the ellipse from which four normals start. Then make the ellipse a circle: where is the place with four now?",
      (u[0] / A) ** 2 + (u[1] / b) ** 2 > 1.001 && found.length === 4,
      "Inside the evolute there are four, outside two, whether u lies inside the ellipse or not; above a flat ellipse the evolute reaches out of it. Two of the four meet and vanish where u crosses the evolute. It shrinks to the centre as the ellipse becomes a circle, and from there every point is critical.",
    );
  };
  play.finish();
};
