// A linear map of the plane: where it sends the two basis vectors decides everything else.

import { arrow, clamp, frame, give, handle, plane, show, svg, write_at } from "./frame.js";
import * as maths from "./maths/plane.js";

const SIZE = 420;
const F = [[0.2, 0.1], [0.4, 0.1], [0.4, 0.42], [0.66, 0.42], [0.66, 0.58], [0.4, 0.58], [0.4, 0.74], [0.8, 0.74], [0.8, 0.9], [0.2, 0.9]];
const SQUARE = [[0, 0], [1, 0], [1, 1], [0, 1]];
const MODES = { area: "Area", eigen: "Eigenlines", steps: "Three steps", powers: "Powers" };

const start_state = { mode: "area", a: 1, b: 1, c: -0.5, d: 1.5, t: 1, angle: 20, k: 3 };
const limits = { mode: Object.keys(MODES), a: [-3, 3], b: [-3, 3], c: [-3, 3], d: [-3, 3], t: [0, 3], angle: [-360, 360], k: [0, 12] };

const matrix = ({ a, b, c, d }) => [a, b, c, d];
const degrees = (angle) => (angle * 180) / Math.PI;

/** Return the map that is shown: M itself, on its way from the identity, or after some of the three steps of the SVD. */
const shown = (state) => {
  const M = matrix(state);
  if (state.mode === "area") return maths.blend(M, Math.min(state.t, 1));
  if (state.mode !== "steps") return M;
  const { alpha, beta, sigma, flip } = maths.svd(M);
  const [first, second, third] = [0, 1, 2].map((from) => clamp(state.t - from, 0, 1));
  const stretch = [1 + second * (sigma[0] - 1), 0, 0, 1 + second * (flip * sigma[1] - 1)];
  return maths.multiply(maths.rotation(third * beta), maths.multiply(stretch, maths.rotation(-first * alpha)));
};

const STEPS = ["turn", "stretch", "turn"];
const is_real = (values) => values.every(([, imaginary]) => imaginary === 0);
const complex = ([re, im]) => (im === 0 ? show(re) : `${show(re)} ${im > 0 ? "+" : "−"} ${show(Math.abs(im))}i`);

/** Put the picture into one sentence. */
const say = (state) => {
  const M = matrix(state);
  const parts = [`Columns (${show(M[0])}, ${show(M[2])}) and (${show(M[1])}, ${show(M[3])}); area ${show(maths.determinant(M))}, rank ${maths.rank(M)}.`];
  if (state.mode === "eigen") parts.push(`Eigenvalues ${maths.eigenvalues(M).map(complex).join(" and ")}.`);
  if (state.mode === "steps") parts.push(`Singular values ${maths.svd(M).sigma.map((s) => show(s)).join(" and ")}.`);
  return parts.join(" ");
};

const WHY = {
  area: "Put both arrows on one line. Then the square is flat: the area is 0, the rank 1, and a whole line of vectors is sent to 0. Push one arrow through the other and the area comes back with a minus sign: the letter is mirrored.",
  eigen: "x and A x lie on one line just at the dashed lines, and λ is the factor. A turn has no such line, nor has anything near one: the two eigenlines come together, merge and are gone, and the eigenvalues become a pair of complex numbers. Their angle tells how far the map turns.",
  steps: "The two dashed lines: perpendicular at the start, they are at the end as well, and their lengths are the singular values. Take “turn” or “mirror” and both are 1. Those are the maps that change no length, the orthogonal ones.",
  powers: "Take “turn” and shorten both arrows by the same factor. Each step turns by the angle of the complex eigenvalues and multiplies the length by their size (in the long run, and up to an ellipse); with a size below 1 the way leads inwards. With two real eigenvalues the dots line up along the eigenline of the one that is larger in size.",
};
const TASKS = {
  area: ["flatten the square onto a line, though neither column is zero.", WHY.area, (M) => Math.abs(maths.determinant(M)) < 0.005 && Math.hypot(M[0], M[2]) > 0.2 && Math.hypot(M[1], M[3]) > 0.2],
  eigen: ["turn x until A x lies on its line. Then find a map that turns every line away.", WHY.eigen, (M) => !is_real(maths.eigenvalues(M))],
  steps: ["walk through the three steps: which two lines stay perpendicular? Then find a map with both singular values 1 that is not the identity.", WHY.steps, (M) => maths.svd(M).sigma.every((s) => Math.abs(s - 1) < 0.02) && Math.hypot(M[0] - 1, M[1], M[2], M[3] - 1) > 0.3],
  powers: ["let the powers spiral inwards.", WHY.powers, (M) => !is_real(maths.eigenvalues(M)) && Math.hypot(...maths.eigenvalues(M)[0]) < 0.99 && Math.hypot(...maths.eigenvalues(M)[0]) > 0.1],
};

const CAPTIONS = {
  steps: "Move the slider from the identity to A. At its end drag the tips of the two arrows.",
  eigen: "Drag x around the circle, or the tips of the two arrows A e₁ and A e₂.",
};
export const caption = (given) => CAPTIONS[/mode=(\w+)/.exec(given)?.[1]] ?? "Drag the tips of the two arrows: where they go, the whole plane follows.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: (state) => draw(state) });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: SIZE, height: SIZE, unit: 60, label: "The plane, and where a linear map sends its grid" });

  const still = svg("path", { class: "grid-still" }, board.root);
  const grid = svg("path", { class: "grid-moved" }, board.root);
  svg("path", { class: "axis", d: `${board.path([[-3.5, 0], [3.5, 0]])}${board.path([[0, -3.5], [0, 3.5]])}` }, board.root);
  const fill = svg("path", { class: "fill" }, board.root);
  const letter = svg("path", { class: "letter" }, board.root);
  const lines = svg("path", { class: "eigenline" }, board.root);
  const circle = svg("path", { class: "orbit" }, board.root);
  const dots = svg("path", { class: "beads" }, board.root);
  const pair = svg("path", { class: "eigenline" }, board.root);
  const first = svg("path", { class: "vector one" }, board.root);
  const second = svg("path", { class: "vector two" }, board.root);
  const probe = svg("path", { class: "vector three" }, board.root);
  const image = svg("path", { class: "vector four" }, board.root);
  const names = svg("g", { class: "labels" }, board.root);
  const label = (css) => svg("text", { class: css }, names);
  const texts = { one: label("one"), two: label("two"), area: label("ink"), three: label("three"), four: label("four"), l1: label("ink"), l2: label("ink") };
  const rays = [];
  for (let i = -4; i <= 4; i += 1) rays.push([[i, -4], [i, 4]], [[-4, i], [4, i]]);
  /** Return so much of the grid of the plane that its image under a map fills the board, where a map is not too flat for that. */
  const grid_for = (N) => {
    const least = maths.svd(N).sigma[1];
    const n = clamp(Math.ceil(5 / Math.max(least, 0.01)), 4, 16);
    return Array.from({ length: 2 * n + 1 }, (_, k) => k - n).flatMap((i) => [[[i, -n], [i, n]], [[-n, i], [n, i]]]);
  };
  give(still, "d", rays.map((ray) => board.path(ray)).join(""));

  const whole = ({ mode, t }) => (mode === "area" ? t >= 1 : mode !== "steps" || t >= 3); // A itself is shown, not the way to it
  const put_vector = (x, y) => (values) => {
    const [px, py] = values.map((v) => Math.round(clamp(v, -3, 3) * 20) / 20);
    change({ [x]: px, [y]: py, ...(state.mode === "area" ? { t: 1 } : {}) });
  };
  const grips = [
    handle(board, { name: "Image of the first basis vector", css: "one", at: () => [state.a, state.c], place: put_vector("a", "c"), settle, step: 0.05, signal }),
    handle(board, { name: "Image of the second basis vector", css: "two", at: () => [state.b, state.d], place: put_vector("b", "d"), settle, step: 0.05, signal }),
  ];
  const turn = handle(board, {
    name: "Vector x on the unit circle", css: "three", signal, settle, step: 0.05,
    at: () => [Math.cos((state.angle * Math.PI) / 180), Math.sin((state.angle * Math.PI) / 180)],
    place: ([x, y]) => change({ angle: Math.round(degrees(Math.atan2(y, x))) }),
  });

  const task = play.task();
  play.choice("mode", "Show", MODES);
  const entries = play.group("The matrix, column by column");
  entries.classList.add("play-matrix", "is-columns");
  for (const [name, text] of [["a", "first column, above"], ["b", "second column, above"], ["c", "first column, below"], ["d", "second column, below"]]) {
    play.field(entries, name, text, { step: 0.05 });
  }
  play.presets("Start from", {
    shear: { a: 1, b: 1, c: 0, d: 1 },
    turn: { a: 0.8, b: -0.6, c: 0.6, d: 0.8 },
    mirror: { a: 0, b: 1, c: 1, d: 0 },
    shadow: { a: 0.5, b: 0.5, c: 0.5, d: 0.5 },
    symmetric: { a: 1.5, b: 0.5, c: 0.5, d: 1.5 },
  });
  const way = play.slider(play.side, "t", "from the identity to A", { text: (t) => (state.mode === "steps" ? `${show(t, 1)} of 3: ${t === 0 ? "nothing yet" : STEPS[Math.ceil(t) - 1]}` : show(Math.min(t, 1))) });
  const times = play.slider(play.side, "k", "times A is applied", { step: 1, text: (k) => `${k}` });
  const readings = { area: play.reading("signed area"), rank: play.reading("rank"), lambda: play.reading("eigenvalues"), sigma: play.reading("singular values") };
  const shown_in = { area: "area", rank: "area", lambda: "eigen powers", sigma: "steps" };
  const put_text = (text, at, words, away) => write_at(board, text, at, words, away);

  const eigen = (M, on) => {
    const values = maths.eigenvalues(M);
    let path = "";
    [texts.l1, texts.l2].forEach((text) => put_text(text, [0, 0], ""));
    if (on && is_real(values)) {
      const many = Math.hypot(M[1], M[2], M[0] - M[3]) < 1e-9;
      values.forEach(([lambda], i) => {
        if (many || (i === 1 && Math.abs(values[0][0] - lambda) < 1e-9)) return;
        const v = maths.eigenvector(M, lambda);
        path += board.path([v.map((c) => -5 * c), v.map((c) => 5 * c)]);
        put_text(i ? texts.l2 : texts.l1, v.map((c) => (i ? -2.6 : 2.6) * c), `λ = ${show(lambda)}`);
      });
    }
    give(lines, "d", path);
    if (on && !is_real(values)) {
      const turned = degrees(Math.atan2(values[0][1], values[0][0]));
      put_text(texts.l1, [-3.4, -3.4], `no line stays where it is: it turns, on average by ${show(turned, 0)}°`, [4, 8]);
    }
    return values;
  };

  const draw = () => {
    const [M, N, { mode }] = [matrix(state), shown(state), state];
    const determinant = maths.determinant(N);
    const moved = (points) => points.map((p) => maths.apply(N, p));
    give(grid, "d", grid_for(N).map((ray) => board.path(moved(ray))).join(""));
    give(fill, "d", board.path(moved(SQUARE), true));
    give(letter, "d", board.path(moved(F), true));
    give(board.root, "data-sign", determinant < -1e-9 ? "negative" : determinant > 1e-9 ? "positive" : "zero");
    const [one, two] = moved([[1, 0], [0, 1]]);
    const gap = whole(state) ? 9 : 0;
    give(first, "d", arrow(board, [0, 0], one, 10, gap));
    give(second, "d", arrow(board, [0, 0], two, 10, gap));
    put_text(texts.one, one, whole(state) ? "A e₁" : "", [14, 18]);
    put_text(texts.two, two, whole(state) ? "A e₂" : "", [14, -10]);
    put_text(texts.area, [(one[0] + two[0]) / 2, (one[1] + two[1]) / 2], mode === "area" ? `area ${show(determinant)}` : "", [-24, 4]);

    const values = eigen(M, mode === "eigen" || mode === "powers");
    const x = [Math.cos((state.angle * Math.PI) / 180), Math.sin((state.angle * Math.PI) / 180)];
    const ring = Array.from({ length: 73 }, (_, i) => [Math.cos((i * Math.PI) / 36), Math.sin((i * Math.PI) / 36)]);
    const round = mode === "eigen" || mode === "steps";
    give(circle, "d", round ? board.path(mode === "steps" ? moved(ring) : ring, true) : "");
    const { alpha, sigma } = maths.svd(M);
    const axes_of = moved([[Math.cos(alpha), Math.sin(alpha)], [-Math.sin(alpha), Math.cos(alpha)]]);
    give(pair, "d", mode === "steps" ? axes_of.map((v) => board.path([v.map((c) => -c), v])).join("") : "");
    if (mode === "steps") axes_of.forEach((v, i) => put_text([texts.l1, texts.l2][i], v, state.t >= 2 ? `σ${"₁₂"[i]} = ${show(sigma[i])}` : `v${"₁₂"[i]}`, [8, 16]));
    const Ax = maths.apply(M, x);
    give(probe, "d", mode === "eigen" || mode === "powers" ? arrow(board, [0, 0], x, 10, 9) : "");
    give(image, "d", mode === "eigen" ? arrow(board, [0, 0], Ax) : "");
    put_text(texts.three, x, mode === "eigen" || mode === "powers" ? "x" : "", [12, -10]);
    put_text(texts.four, Ax, mode === "eigen" ? "A x" : "", [10, 16]);
    const orbit = Array.from({ length: mode === "powers" ? state.k + 1 : 1 }, (_, k) => maths.apply(maths.power(M, k), x));
    const near = orbit.slice(1).filter((p) => Math.hypot(...p) < 6);
    give(dots, "d", near.map((p) => `${board.path([p])}h0`).join(""));
    if (mode === "powers") give(circle, "d", board.path(orbit.filter((p) => Math.hypot(...p) < 50)));
    grips.forEach((place) => place());
    turn();
    give(board.root, "data-mode", mode);
    give(board.root, "data-whole", mode !== "steps" || whole(state));
    give(room, "data-mode", mode);
    give(way, "max", mode === "steps" ? 3 : 1);
    way.value = Math.min(state.t, way.max);

    for (const [name, modes] of Object.entries(shown_in)) readings[name].row.toggleAttribute("hidden", !modes.includes(mode));
    readings.area(show(maths.determinant(M)));
    readings.rank(`${maths.rank(M)}`);
    readings.lambda(values.map(complex).join(",  "));
    readings.sigma(maths.svd(M).sigma.map((s) => show(s)).join(",  "));
    const [text, why, solved] = TASKS[mode];
    task(text, solved(M), why);
  };

  times.closest("label").classList.add("for-powers");
  way.closest("label").classList.add("for-way");
  play.finish();
};
