// A group of permutations, from its generators: which points it joins, and which entries of a matrix it makes equal.

import { frame, give, html, plane, svg } from "./frame.js";
import { cycles, entry_classes, extend, orbits, order, parse } from "./maths/permutations.js";

const [WIDTH, HEIGHT] = [420, 300];
const MOST = 9;
const FACTORIALS = Array.from({ length: MOST + 1 }, (_, n) => Array.from({ length: n }, (_, i) => i + 1).reduce((a, b) => a * b, 1));
const start_state = { cycles: "(1 3 4)(2 5)", points: 5 };
const limits = { points: [1, MOST] };
const COLOURS = ["var(--c0)", "var(--c1)", "var(--c2)", "var(--c3)", "var(--c4)", "var(--c6)"];

/** Return the generators of a state and the number of points; throws an Error that says what is wrong with them. */
const group_of = (s) => {
  const written = s.cycles.split(";").filter((text) => text.trim()).map((text) => parse(text));
  const n = Math.max(s.points, ...written.map((images) => images.length));
  if (n > MOST) throw new Error(`this picture has room for ${MOST} points`);
  return { n, generators: written.map((images) => extend(images, n)) };
};

/** Put the picture into one sentence. */
const say = (s) => {
  const { n, generators } = group_of(s);
  const joined = new Set(orbits(generators, n)).size;
  return `${joined} orbits on ${n} points; ${new Set(entry_classes(generators, n)).size} free entries in a commuting matrix.`;
};

export const caption = "Type permutations or choose a group. Points that it joins share a colour; entries that a commuting matrix has equal share a colour and a letter.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, put, signal } = play;
  const board = plane(play.board, { width: WIDTH, height: HEIGHT, unit: 1, origin: [100, 150], label: "Points and where the generators send them; beside it the matrix whose equal entries share a colour" });
  const wheel = svg("g", {}, board.root);
  const matrix = svg("g", {}, board.root);

  const task = play.task();
  const set = play.group("Generators in cycle notation, with ; between them");
  const input = html("input", { type: "text", class: "play-text", spellcheck: false, autocomplete: "off", "aria-label": "Generators in cycle notation" }, set);
  const problem = html("p", { class: "play-problem", role: "alert" }, set);
  input.addEventListener("input", () => {
    try {
      group_of({ ...state, cycles: input.value });
      problem.textContent = "";
      input.removeAttribute("aria-invalid");
      put({ cycles: input.value });
    } catch (error) {
      problem.textContent = `${error.message}. The picture is the last good one.`;
      give(input, "aria-invalid", "true");
    }
  }, { signal });
  play.slider(play.side, "points", "points, at least", { step: 1, text: (n) => `${n}` });
  play.presets("Groups", {
    "a cycle": { cycles: "(1 2 3 4 5 6)", points: 6 },
    "turns and mirror": { cycles: "(1 2 3 4 5 6); (2 6)(3 5)", points: 6 },
    everything: { cycles: "(1 2 3 4 5); (1 2)", points: 5 },
    "3 × 3 shifts": { cycles: "(1 2 3)(4 5 6)(7 8 9); (1 4 7)(2 5 8)(3 6 9)", points: 9 },
  });
  const readings = { order: play.reading("elements of the group"), orbits: play.reading("orbits on points"), pairs: play.reading("free entries, of all") };
  html("span", { class: "play-note", text: "The same in a shell:" }, play.side);
  const line = html("code", { class: "play-command" }, play.side);

  const draw = () => {
    const { n, generators } = group_of(state);
    if (document.activeElement !== input) {
      input.value = state.cycles;
      problem.textContent = "";
      input.removeAttribute("aria-invalid");
    }
    const joined = orbits(generators, n);
    const alike = entry_classes(generators, n);
    const at = (i) => [100 + 72 * Math.sin((2 * Math.PI * i) / n), 150 - 72 * Math.cos((2 * Math.PI * i) / n)];
    wheel.replaceChildren();
    generators.forEach((images, g) => {
      images.forEach((image, i) => {
        if (image === i) return;
        const [[ax, ay], [bx, by]] = [at(i), at(image)];
        const [dx, dy, length] = [bx - ax, by - ay, Math.hypot(bx - ax, by - ay)];
        const [ux, uy] = [dx / length, dy / length];
        const bow = 9 + 6 * g;
        const [mx, my] = [(ax + bx) / 2 - uy * bow, (ay + by) / 2 + ux * bow];
        const [ex, ey] = [bx - 15 * ux, by - 15 * uy];
        const path = `M${ax} ${ay}Q${mx.toFixed(1)} ${my.toFixed(1)} ${ex.toFixed(1)} ${ey.toFixed(1)}M${(ex - 8 * ux - 4 * uy).toFixed(1)} ${(ey - 8 * uy + 4 * ux).toFixed(1)}L${ex.toFixed(1)} ${ey.toFixed(1)}L${(ex - 8 * ux + 4 * uy).toFixed(1)} ${(ey - 8 * uy - 4 * ux).toFixed(1)}`;
        svg("path", { class: g % 2 ? "edge dashed" : "edge", d: path }, wheel);
      });
    });
    joined.forEach((orbit, i) => {
      const [x, y] = at(i);
      svg("circle", { cx: x.toFixed(1), cy: y.toFixed(1), r: 13, style: `fill: ${COLOURS[orbit % COLOURS.length]}` }, wheel);
      svg("text", { x: (x - 4).toFixed(1), y: (y + 5).toFixed(1), class: "on-colour" }, wheel).textContent = `${i + 1}`;
    });
    const side = 200 / n;
    matrix.replaceChildren();
    const many = new Set(alike).size;
    alike.forEach((number, k) => {
      const [row, column] = [Math.floor(k / n), k % n];
      const [x, y] = [208 + column * side, 50 + row * side];
      const share = 92 - 68 * (Math.floor(number / COLOURS.length) / Math.max(1, Math.ceil(many / COLOURS.length)));
      svg("rect", { x: x.toFixed(2), y: y.toFixed(2), width: (side - 1).toFixed(2), height: (side - 1).toFixed(2), style: `fill: color-mix(in srgb, ${COLOURS[number % COLOURS.length]} ${share.toFixed(0)}%, var(--paper))` }, matrix);
      const word = many <= 26 ? String.fromCharCode(97 + number) : `${number + 1}`;
      svg("text", { x: (x + side / 2 - 0.5).toFixed(1), y: (y + side / 2 + 4).toFixed(1), class: "entry" }, matrix).textContent = word;
    });
    readings.order(`${order(generators, n) ?? "more than 50,000"}`);
    readings.orbits(`${new Set(joined).size}`);
    readings.pairs(`${many} of ${n * n}`);
    const quoted = generators.map((images) => `"${cycles(images).map((cycle) => `(${cycle.join(" ")})`).join("")}"`);
    line.textContent = `python -m snippets.linear_networks ${quoted.join(" ") || '"(1)"'}`;
    task(
      "on four points or more, “everything” leaves two free entries. Find a smaller group that leaves two as well.",
      n >= 4 && many === 2 && (order(generators, n) ?? Infinity) < FACTORIALS[n],
      "Every group will do that can send any pair of different points to any other pair: (1 2 3); (2 3 4) generates only the 12 even permutations of four points, and a commuting matrix cannot tell them from all 24. The layer sees the orbits on pairs, not the group.",
    );
  };
  play.finish();
};
