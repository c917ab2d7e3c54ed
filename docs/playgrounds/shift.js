// The question of the book: shift first or encode first? An equivariant and a dense network, side by side.

import { clamp, frame, give, html, put_words, show } from "./frame.js";
import { bases_of, dense, difference, equivariant, shift, unpacked } from "./maths/waves.js";
import { load, picture } from "./pictures.js";

const start_state = { digit: "7", by: 8 };
const RANK = 99;

export const caption = "Drag the shifted digit. Below, both networks: shift last, or shift first.";

/** Start the playground in a room. */
export const start = async (room, options) => {
  const data = await load("home/networks", options.signal);
  const digits = Object.fromEntries(data.digits.map((digit, i) => [String(data.names[i]), unpacked(digit)]));
  const [bases, basis] = [bases_of(data.waves), unpacked(data.dense)];
  const networks = {
    equivariant: (x) => equivariant(x, bases, data.ranks),
    dense: (x) => dense(x, basis, RANK),
  };
  const kept = new Map(); // what a network makes of a digit at a shift
  const through = (name, digit, by) => {
    const key = `${name} ${digit} ${by}`;
    if (!kept.has(key)) kept.set(key, networks[name](shift(digits[digit], by)));
    return kept.get(key);
  };
  const gaps = new Map();
  const apart = (name, digit, by) => {
    const key = `${name} ${digit} ${by}`;
    if (!gaps.has(key)) gaps.set(key, difference(through(name, digit, by), shift(through(name, digit, 0), by)));
    return gaps.get(key);
  };
  const limits = { digit: Object.keys(digits), by: [0, 27] };
  const say = (s) => `Moved by ${s.by} pixels: the dense network differs by ${show(100 * apart("dense", s.digit, s.by), 0)} per cent, the equivariant one by nothing but rounding.`;
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;

  const grid = html("div", { class: "play-pictures" }, play.board);
  const given = picture(grid, "x, a digit");
  const moved = picture(grid, "x, shifted: drag it", "is-draggable");
  html("span", {}, grid);
  const rows = Object.keys(networks).map((name) => {
    const css = name === "equivariant" ? "three" : "two";
    const [last, first] = [picture(grid, "encode, then shift", css), picture(grid, "shift, then encode", css)];
    const meter = html("div", { class: `play-meter ${css}` }, grid);
    html("strong", { text: name }, meter);
    html("span", { text: "the two differ by" }, meter);
    return { name, last, first, value: html("output", { "aria-live": "off", "aria-label": `${name}: difference` }, meter), bar: html("meter", { min: 0, max: 1, "aria-hidden": "true" }, meter) };
  });

  let grip = null;
  const { canvas } = moved;
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    canvas.setPointerCapture(event.pointerId);
    grip = { x: event.clientX, by: state.by, width: canvas.getBoundingClientRect().width };
  }, { signal });
  canvas.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const by = Math.round(grip.by + (28 * (event.clientX - grip.x)) / grip.width);
    change({ by: ((by % 28) + 28) % 28 });
  }, { signal });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => {
    if (grip) settle();
    grip = null;
  }, { signal });

  const task = play.task();
  play.slider(play.side, "by", "shift to the right", { step: 1, text: (by) => `${by} pixels` });
  play.choice("digit", "Digit", Object.fromEntries(Object.keys(digits).map((name) => [name, name])));

  const draw = () => {
    const { digit, by } = state;
    given(digits[digit]);
    moved(shift(digits[digit], by));
    for (const row of rows) {
      row.last(shift(through(row.name, digit, 0), by));
      row.first(through(row.name, digit, by));
      const share = apart(row.name, digit, by);
      put_words(row.value, share < 1e-9 ? "0 %" : `${show(100 * share, 0)} %`);
      give(row.bar, "value", clamp(share, 0, 1));
    }
    const worst = Array.from({ length: 28 }, (_, k) => k).reduce((a, b) => (apart("dense", digit, b) > apart("dense", digit, a) ? b : a));
    task(
      "at which shift does the dense network do worst? Is there one at which the equivariant network fails?",
      by === worst,
      `For the ${digit} it is worst at a shift by ${worst} pixels: it was fitted to digits in the middle of the picture, and cannot draw one elsewhere. The equivariant network never fails, for any digit: it commutes with the matrix that shifts by one pixel, and so with every power of it.`,
    );
  };
  play.finish();
};
