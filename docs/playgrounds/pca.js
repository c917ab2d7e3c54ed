// Turn a line through a cloud: what it leaves over falls to the smaller eigenvalue of the covariance, and no lower.

import { frame, give, handle, plane, show, svg, trace } from "./frame.js";
import { cloud, covariance, mean, residual } from "./maths/cloud.js";
import { eigenvalues } from "./maths/plane.js";

const [WIDTH, HEIGHT] = [420, 470];
const POINTS = cloud();
const CENTRE = mean(POINTS);
const [[LARGE], [SMALL]] = eigenvalues(covariance(POINTS));
const start_state = { angle: 100 };
const limits = { angle: [-90, 180] };
const radians = (s) => (s.angle * Math.PI) / 180;

/** Put the picture into one sentence. */
const say = (s) => `At ${show(s.angle, 0)} degrees the line leaves ${show(residual(POINTS, radians(s)), 3)} over, of ${show(LARGE + SMALL, 3)}.`;

export const caption = "Turn the line. Each point is joined to the nearest point of the line; the curve shows the mean square of what is lost.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 48, origin: [210, 165], label: "A cloud of points, a line through its mean, and what the line leaves over" });
  const feet = svg("path", { class: "normal" }, board.root);
  const line = svg("path", { class: "vector one" }, board.root);
  svg("path", { class: "beads data", d: POINTS.map((p) => `${board.path([p])}h0`).join("") }, board.root);
  const strip = ([angle, value]) => [40 + ((angle + 90) / 270) * 350, 448 - (value / (LARGE + SMALL)) * 105];
  const put = (points) => trace(strip, points);
  const angles = Array.from({ length: 136 }, (_, i) => -90 + 2 * i);
  svg("path", { class: "axis", d: "M40 448L390 448" }, board.root);
  svg("path", { class: "truth", d: put([[-90, SMALL], [180, SMALL]]) }, board.root);
  svg("path", { class: "opposite", d: put([[-90, LARGE], [180, LARGE]]) }, board.root);
  svg("path", { class: "curve", d: put(angles.map((a) => [a, residual(POINTS, (a * Math.PI) / 180)])) }, board.root);
  svg("text", { x: 352, y: strip([0, SMALL])[1] - 5, class: "truth-name" }, board.root).textContent = "λ₂";
  svg("text", { x: 352, y: strip([0, LARGE])[1] - 5, class: "opposite-name" }, board.root).textContent = "λ₁";
  for (const a of [-90, 0, 90, 180]) svg("text", { x: strip([a, 0])[0] - 10, y: 465, class: "tick" }, board.root).textContent = `${a}°`.replace("-", "−");
  svg("text", { x: 40, y: 334, class: "tick" }, board.root).textContent = "mean squared distance, for every direction";
  const now = svg("circle", { class: "bead one", r: 7 }, board.root);
  const tip = () => [CENTRE[0] + 2.4 * Math.cos(radians(state)), CENTRE[1] + 2.4 * Math.sin(radians(state))];
  const grip = handle(board, {
    name: "The direction of the line", css: "one", signal, settle, step: 0.05, at: tip,
    place: ([x, y]) => {
      const turned = Math.round((Math.atan2(y - CENTRE[1], x - CENTRE[0]) * 180) / Math.PI);
      change({ angle: turned < -90 ? turned + 360 : turned });
    },
  });
  const task = play.task();
  play.slider(play.side, "angle", "direction", { step: 1, text: (a) => `${show(a, 0)}°` });
  const readings = { left: play.reading("mean squared distance"), kept: play.reading("variance along the line"), share: play.reading("share kept") };

  const draw = () => {
    const [x, y] = [Math.cos(radians(state)), Math.sin(radians(state))];
    const at = (s) => [CENTRE[0] + s * x, CENTRE[1] + s * y];
    give(line, "d", board.path([at(-3.2), at(3.2)]));
    give(feet, "d", POINTS.map((p) => board.path([p, at((p[0] - CENTRE[0]) * x + (p[1] - CENTRE[1]) * y)])).join(""));
    const left = residual(POINTS, radians(state));
    const [cx, cy] = strip([state.angle, left]);
    give(now, "cx", cx.toFixed(1));
    give(now, "cy", cy.toFixed(1));
    grip();
    readings.left(show(left, 3));
    readings.kept(show(LARGE + SMALL - left, 3));
    readings.share(`${show((100 * (LARGE + SMALL - left)) / (LARGE + SMALL), 0)} %`);
    task(
      "turn the line until as little as possible is left over. How does the worst line lie to the best?",
      left < SMALL * 1.002,
      "Perpendicular. Whatever the direction, the mean squared distance and the variance along the line have the same sum, by Pythagoras at every point; so where one is least the other is greatest. The least and the greatest are the eigenvalues of the covariance matrix, and their directions its eigenvectors.",
    );
  };
  play.finish();
};
