// A network that answers a direction by one number: bend its graph, and see which error cannot be bent away.

import { clamp, frame, give, handle, plane, show, svg } from "./frame.js";
import { error, height, mean_error, opposite } from "./maths/circle.js";

const COUNT = 8;
const STEP = 360 / COUNT;
const names = Array.from({ length: COUNT }, (_, i) => `g${i * STEP}`);
const start_state = Object.fromEntries(names.map((name, i) => [name, i < COUNT - 1 ? i * STEP : 150]));
const limits = Object.fromEntries(names.map((name) => [name, [-180, 540]]));
const heights = (state) => names.map((name) => state[name]);

const [WIDTH, HEIGHT] = [420, 400];

/** Put the picture into one sentence. */
const say = (state) =>
  `Mean error ${show(mean_error(heights(state)), 0)} degrees. Wrong by 180 degrees at ${opposite(heights(state)).map((a) => `${show(a, 0)}°`).join(", ")}.`;

export const caption = "Drag the points: they bend the answer of a head with one number. Where it meets a dashed line it is wrong by half a turn.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, units: [0.97, 0.52], origin: [42, HEIGHT - 22 - 180 * 0.52], label: "The answer of the head over the true direction" });
  const { to: at, path } = board;
  const text = (words, point, css = "") => {
    const [x, y] = at(point);
    const made = svg("text", { x: x.toFixed(1), y: y.toFixed(1), class: css }, board.root);
    made.textContent = words;
    return made;
  };
  for (const value of [-180, 0, 180, 360, 540]) {
    svg("path", { class: "grid-still", d: path([[0, value], [360, value]]) }, board.root);
    text(`${value}°`.replace("-", "−"), [-36, clamp(value, -168, 512) + 5], "tick");
  }
  for (const angle of [0, 90, 180, 270, 360]) {
    svg("path", { class: "grid-still", d: path([[angle, -180], [angle, 540]]) }, board.root);
    text(`${angle}°`, [angle - (angle ? 14 : 4), -212], "tick");
  }
  const cut = (shift) => path([[Math.max(0, -180 - shift), Math.max(0, -180 - shift) + shift], [Math.min(360, 540 - shift), Math.min(360, 540 - shift) + shift]]);
  svg("path", { class: "truth", d: [-360, 0, 360].map(cut).join("") }, board.root);
  svg("path", { class: "opposite", d: [-180, 180].map(cut).join("") }, board.root);
  text("right", [300, 235], "truth-name");
  text("wrong by 180°", [64, 320], "opposite-name");
  text("answer of the head", [6, 512], "tick");
  text("true direction", [262, -166], "tick");
  const graph = svg("path", { class: "vector one" }, board.root);

  const grips = names.map((name, i) =>
    handle(board, {
      name: `Answer at ${i * STEP} degrees`, css: "one", signal, settle, step: 5,
      at: () => [i * STEP, state[name]],
      place: ([, value]) => change({ [name]: Math.round(clamp(value, -180, 540)) }),
    }));

  const marks = svg("g", { class: "marks" }, board.root);

  const task = play.task();
  const fields = play.group("Answer at");
  fields.classList.add("play-many");
  names.forEach((name, i) => play.field(fields, name, `${i * STEP}°`, { step: 5 }));
  play.presets("Start from", {
    "follow, then jump back": start_state,
    constant: Object.fromEntries(names.map((name) => [name, 180])),
    "there and back": Object.fromEntries(names.map((name, i) => [name, i <= 4 ? i * STEP : (COUNT - i) * STEP])),
  });
  const readings = { mean: play.reading("mean error"), worst: play.reading("largest error"), where: play.reading("wrong by 180° at") };

  const draw = () => {
    const h = heights(state);
    give(graph, "d", path([...h.map((value, i) => [i * STEP, value]), [360, h[0]]]));
    const worst = opposite(h);
    marks.replaceChildren();
    for (const angle of worst) {
      const [x, y] = at([angle, height(h, angle)]);
      svg("circle", { class: "wrong", cx: x.toFixed(1), cy: y.toFixed(1), r: 13 }, marks);
    }
    grips.forEach((place) => place());
    const mean = mean_error(h);
    readings.mean(`${show(mean, 0)}°`);
    readings.worst(`${show(Math.max(...worst.map((angle) => error(h, angle))), 0)}°`);
    readings.where(worst.map((angle) => `${show(angle, 0)}°`).join(", "));
    task(
      "bring the mean error below 12°. Then try to get rid of the red ring.",
      mean < 12,
      "Put all eight points on the green line: the fall back to the start is then as steep as it can be, and the errors crowd into the last eighth. The ring stays. Once around, the answer comes back to where it began and the direction has grown by 360°. So their difference falls by 360°, without a jump, and on its way it passes 180° or an odd multiple of it.",
    );
  };
  play.finish();
};
