// A digit from two numbers: every place of a plane is a picture, and real digits lie where their two numbers say.

import { clamp, frame, give, handle, html, plane, show, svg } from "./frame.js";
import { combine, nearest } from "./maths/digits.js";
import { unpacked } from "./maths/waves.js";
import { load, picture } from "./pictures.js";

const [WIDTH, HEIGHT] = [420, 330];
const start_state = { a: 2, b: -2, c: 0, d: 0 };
const limits = { a: [-5, 9], b: [-5, 5.5], c: [-5, 5], d: [-5, 5] };

export const caption = "Drag the point. The picture is the mean plus its numbers times v₁ and v₂; numerals are test digits.";

/** Start the playground in a room. */
export const start = async (room, options) => {
  const data = await load("linear_algebra/pca/plane", options.signal);
  const mean = unpacked(data.mean);
  const directions = data.directions.map(unpacked);
  const told = (near) => near.map((i) => data.labels[i]).sort();
  const say = (s) => `At ${show(s.a)} and ${show(s.b)}. The five nearest digits: ${told(nearest(data.points, [s.a, s.b], 5)).join(", ")}.`;
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 28, origin: [154, 168], label: "Digits by their first two principal components" });
  svg("path", { class: "axis", d: board.path([[-5.3, 0], [9.3, 0]]) + board.path([[0, -5.6], [0, 5.8]]) }, board.root);
  for (const [words, at] of [["v₁", [8.9, -0.6]], ["v₂", [0.2, 5.4]]]) svg("text", { x: board.to(at)[0], y: board.to(at)[1], class: "tick" }, board.root).textContent = words;
  const numerals = data.points.map((p, i) => {
    const [x, y] = board.to(p);
    const text = svg("text", { class: "numeral", x: x.toFixed(1), y: (y + 4).toFixed(1), "aria-hidden": "true" }, board.root);
    text.textContent = data.labels[i];
    return text;
  });
  const links = svg("path", { class: "normal" }, board.root);
  const grip = handle(board, {
    name: "The two numbers", css: "one", signal, settle, step: 0.1, at: () => [state.a, state.b],
    place: ([x, y]) => change({ a: Math.round(clamp(x, ...limits.a) * 20) / 20, b: Math.round(clamp(y, ...limits.b) * 20) / 20 }),
  });
  const row = html("div", { class: "play-pictures" }, play.board);
  const shown = { mean: picture(row, "the mean"), two: picture(row, "with two numbers", "one"), four: picture(row, "with four") };
  shown.mean(mean);

  const task = play.task();
  const fields = play.group("The numbers for v₁ and v₂");
  fields.classList.add("play-pair");
  play.field(fields, "a", "number for v₁", { short: "v₁" });
  play.field(fields, "b", "number for v₂", { short: "v₂" });
  play.slider(play.side, "c", "number for v₃", { step: 0.1 });
  play.slider(play.side, "d", "number for v₄", { step: 0.1 });
  const reading = play.reading("the five nearest digits");

  let close = [];
  const draw = () => {
    const [two, four] = [[state.a, state.b], [state.a, state.b, state.c, state.d]];
    const near = nearest(data.points, two, 5);
    if (near.join() !== close.join()) {
      for (const i of close) numerals[i].classList.remove("is-close");
      for (const i of near) numerals[i].classList.add("is-close");
      close = near;
    }
    give(links, "d", close.map((i) => board.path([two, data.points[i]])).join(""));
    shown.two(combine(mean, directions, two));
    shown.four(combine(mean, directions, four));
    grip();
    const found = told(near);
    reading(found.join(", "));
    task(
      "find a place where the five nearest digits are all the same. Then one where no two are.",
      new Set(found).size === 5,
      "Zeros lie far to the right, ones at the upper left, fours at the bottom: two numbers tell a ring from a bar. In the middle five different digits lie side by side, and the picture there is a blur that could become any of them. What tells them apart is in later components: move v₃ and v₄, and the blur becomes one or the other.",
    );
  };
  play.finish();
};
