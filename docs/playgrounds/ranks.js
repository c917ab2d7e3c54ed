// Where an equivariant network spends its rank: one number a frequency, and the loss that follows at once.

import { clamp, frame, give, handle, html, plane, show, svg } from "./frame.js";
import { bases_of, equivariant, loss, total, unpacked, weights } from "./maths/waves.js";
import { load, picture } from "./pictures.js";

const COUNT = 15;
const FULL = 28;
const BUDGET = 99;
const [WIDTH, HEIGHT] = [420, 290];
const names = Array.from({ length: COUNT }, (_, k) => `r${k}`);
const TITLES = { paper: "long waves", equal: "equal", "high-pass": "short waves", best: "best" };

export const caption = "Drag the bars: how much of the rank each frequency gets. The green marks are the best choice.";

/** Start the playground in a room. */
export const start = async (room, options) => {
  const data = await load("mnist/exact/network", options.signal);
  const bases = bases_of(data.waves);
  const digits = data.digits.map(unpacked);
  const as_state = (ranks) => Object.fromEntries(names.map((name, k) => [name, ranks[k]]));
  const start_state = as_state(data.ranks.paper);
  const limits = Object.fromEntries(names.map((name) => [name, [0, FULL]]));
  const ranks_of = (s) => names.map((name) => Math.round(s[name]));
  const loss_of = (ranks) => loss(ranks, data.nothing, data.gains);
  const best = loss_of(data.ranks.best);
  const say = (s) => `Rank ${total(ranks_of(s))} of ${BUDGET}, test loss ${show(loss_of(ranks_of(s)), 5)}.`;
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;

  const board = plane(play.board, { width: WIDTH, height: HEIGHT, units: [26, 8.6], origin: [44, HEIGHT - 34], label: "The rank at each frequency" });
  for (const rank of [0, 7, 14, 21, 28]) {
    const [, y] = board.to([0, rank]);
    svg("path", { class: "grid-still", d: `M30 ${y}L412 ${y}` }, board.root);
    svg("text", { class: "tick", x: 6, y: y + 4 }, board.root).textContent = rank;
  }
  names.forEach((_, k) => (svg("text", { class: "tick", x: board.to([k, 0])[0] - 5, y: HEIGHT - 18 }, board.root).textContent = k));
  svg("text", { class: "tick", x: 44, y: HEIGHT - 3 }, board.root).textContent = "frequency (one step up costs 2; at 0 and 14 it costs 1)";
  svg("text", { class: "tick", x: 36, y: 24 }, board.root).textContent = "rank";
  const bars = names.map(() => svg("rect", { class: "bar" }, board.root));
  const marks = svg("path", { class: "best" }, board.root);
  const grips = names.map((name, k) =>
    handle(board, {
      name: `Rank at frequency ${k}`, css: "one small", signal, settle, step: 1, at: () => [k, state[name]],
      place: ([, rank]) => change({ [name]: Math.round(clamp(rank, 0, FULL)) }),
    }));
  const row = html("div", { class: "play-pictures" }, play.board);
  const shown = digits.map(() => picture(row, "out of the network"));

  const task = play.task();
  const readings = { rank: play.reading(`rank, of ${BUDGET}`), weights: play.reading("weights"), loss: play.reading("test loss"), over: play.reading("above the best of its kind"), dense: play.reading("above the dense network") };
  play.presets("Ranks", Object.fromEntries(Object.entries(data.ranks).map(([name, ranks]) => [TITLES[name], as_state(ranks)])));
  const fold = html("details", { class: "play-fold" }, play.side);
  html("summary", { text: "the ranks as numbers" }, fold);
  const fields = html("div", { class: "play-many" }, fold);
  names.forEach((name, k) => play.field(fields, name, `${k}`, { step: 1 }));

  let painted = "";
  const draw = () => {
    const ranks = ranks_of(state);
    ranks.forEach((rank, k) => {
      const [x, y] = board.to([k, rank]);
      for (const [key, value] of Object.entries({ x: x - 8, y, width: 16, height: Math.max(0, HEIGHT - 34 - y) })) give(bars[k], key, value.toFixed(1));
    });
    give(marks, "d", data.ranks.best.map((rank, k) => {
      const [x, y] = board.to([k, rank]);
      return `M${x - 11} ${y.toFixed(1)}L${x + 11} ${y.toFixed(1)}`;
    }).join(""));
    grips.forEach((place) => place());
    const [sum, now] = [total(ranks), loss_of(ranks)];
    if (painted !== ranks.join()) digits.forEach((digit, i) => shown[i](equivariant(digit, bases, ranks)));
    painted = ranks.join();
    give(board.root, "data-over", sum > BUDGET);
    readings.rank(sum > BUDGET ? `${sum}: too much` : `${sum}`);
    readings.weights(weights(ranks).toLocaleString("en"));
    readings.loss(show(now, 5));
    readings.over(`${show(100 * (now / best - 1), 1)} %`);
    readings.dense(`${show(100 * (now / data.dense - 1), 0)} %`);
    task(
      `spend at most ${BUDGET} so that the loss is within 1 % of the best (the marks), yet not the best itself.`,
      sum <= BUDGET && now > best && now < 1.01 * best,
      "Begin at the best and move two units of the budget from one frequency to its neighbour: near its minimum the loss is flat, so many choices are almost as good. “Equal” is far off: the high frequencies carry so little that rank spent there is lost.",
    );
  };
  play.finish();
};
