// The torus as a square whose opposite sides are one: cut it open, and see what a chart leaves out.

import { frame, give, handle, plane, show, svg } from "./frame.js";
import { missed, same, wrap } from "./maths/torus.js";

const SIZE = 420;
const degrees = (angle) => (angle * 180) / Math.PI;
const radians = (angle) => (angle * Math.PI) / 180;
const start_state = { charts: "2", ax: -90, ay: -60, bx: 45, by: 100, cx: 120, cy: 20 };
const limits = { charts: ["1", "2", "3"], ...Object.fromEntries(["ax", "ay", "bx", "by", "cx", "cy"].map((name) => [name, [-180, 180]])) };
const CHARTS = [["one", "ax", "ay"], ["two", "bx", "by"], ["three", "cx", "cy"]];

const cuts = (s) => CHARTS.slice(0, Number(s.charts)).map(([, x, y]) => [radians(s[x]), radians(s[y])]);

/** Put the picture into one sentence. */
const say = (s) => {
  const left = missed(cuts(s));
  if (left === "line") return "A whole line is covered by no chart.";
  return left.length ? `${left.length} points are covered by no chart.` : "Every point is covered.";
};

export const caption = "Drag the crossings of the cuts. A chart leaves out its two lines; a ring marks what every chart leaves out.";

/** Start the playground in a room. */
export const start = (room, options) => {
  const play = frame(room, { ...options, start: start_state, limits, say, draw: () => draw() });
  const { state, change, settle, signal } = play;
  const board = plane(play.board, { width: SIZE, height: SIZE, unit: 1.12, label: "The torus as a square; its opposite sides are glued" });
  const edge = 180;
  svg("path", { class: "frame", d: board.path([[-edge, -edge], [edge, -edge], [edge, edge], [-edge, edge]], true) }, board.root);
  for (const side of [-edge, edge]) {
    svg("path", { class: "glue", d: board.path([[-8, side + 5], [0, side], [-8, side - 5]]) }, board.root);
    svg("path", { class: "glue", d: board.path([[side - 5, -8], [side, 0], [side + 5, -8]]) + board.path([[side - 5, 0], [side, 8], [side + 5, 0]]) }, board.root);
  }
  const lines = CHARTS.map(([css]) => svg("path", { class: `cut ${css}` }, board.root));
  const marks = svg("g", {}, board.root);
  const grips = CHARTS.map(([css, x, y], i) =>
    handle(board, {
      name: `Where the cuts of chart ${i + 1} cross`, css, signal, settle, step: 5,
      at: () => [state[x], state[y]],
      place: (point) => {
        const [a, b] = point.map((v) => Math.round(degrees(wrap(radians(v)))));
        change({ [x]: a, [y]: b });
      },
    }));

  const task = play.task();
  play.choice("charts", "Charts", { 1: "one", 2: "two", 3: "three" });
  CHARTS.forEach(([css, x, y], i) => {
    const row = play.group(`Cuts of chart ${i + 1}, in degrees`);
    row.classList.add("play-pair", css, `for-${css}`);
    play.field(row, x, `chart ${i + 1}, across`, { step: 5, short: "across" });
    play.field(row, y, `chart ${i + 1}, up`, { step: 5, short: "up" });
  });
  const readings = { points: play.reading("covered by no chart"), where: play.reading("they lie at") };

  const draw = () => {
    const count = Number(state.charts);
    CHARTS.forEach(([, x, y], i) => {
      const shown = i < count;
      give(lines[i], "d", shown ? board.path([[state[x], -edge], [state[x], edge]]) + board.path([[-edge, state[y]], [edge, state[y]]]) : "");
    });
    give(room, "data-charts", state.charts);
    const left = missed(cuts(state));
    marks.replaceChildren();
    if (left === "line") {
      const [x, y] = [state.ax, state.ay];
      const alike = (names) => names.slice(0, count).every((name) => same(radians(state[name]), radians(state[names[0]])));
      const across = alike(["ay", "by", "cy"]) ? board.path([[-edge, y], [edge, y]]) : "";
      const upright = alike(["ax", "bx", "cx"]) ? board.path([[x, -edge], [x, edge]]) : "";
      svg("path", { class: "wrong wide", d: across + upright }, marks);
    } else {
      for (const point of left) {
        const [cx, cy] = board.to(point.map(degrees));
        svg("circle", { class: "wrong", cx: cx.toFixed(1), cy: cy.toFixed(1), r: 11 }, marks);
      }
    }
    grips.forEach((place) => place());
    readings.points(left === "line" ? "a whole line" : `${left.length} points`);
    readings.where(left === "line" || !left.length ? "–" : left.map((p) => `(${p.map((a) => `${show(degrees(a), 0)}°`).join(", ")})`).join(" "));
    task(
      "cover every point with two charts. If you cannot, say why, and take three.",
      left.length === 0,
      "Two charts always leave out at least two points: where the upright cut of the first crosses the level cut of the second, and the other way round. A third chart repairs them if its cuts pass through neither. Three charts miss nothing as long as no two of them share a line.",
    );
  };
  play.finish();
};
