// Fields on a group of turns and mirror images: square pictures as arrays, row by row, and what a layer makes of them.
// A move is [mirrored, quarters]: first mirror left to right, if at all, then turn to the left.

const QUARTERS = [0, 1, 2, 3];
export const GROUPS = {
  turns: QUARTERS.map((k) => [false, k]),
  mirrors: [false, true].flatMap((mirrored) => QUARTERS.map((k) => [mirrored, k])),
};

const LETTERS = {
  F: "......... ..#####.. ..#...... ..#...... ..###.... ..#...... ..#...... ..#...... .........",
  S: "......... ..#####.. .#....... .#....... ..#####.. .......#. .......#. ..#####.. .........",
  A: "......... ....#.... ...#.#... ...#.#... ..#...#.. ..#####.. .#.....#. .#.....#. .........",
  plus: "......... ....#.... ....#.... ....#.... .#######. ....#.... ....#.... ....#.... .........",
};

/** Return the pixels of a letter, or of a word of noughts and ones. */
export const pixels = (word) =>
  word in LETTERS ? [...LETTERS[word].replaceAll(" ", "")].map((c) => Number(c === "#")) : [...word].map(Number);

/** Return the move that does `first`, then `second`. */
const after = (second, first) => {
  const turned = second[0] ? -first[1] : first[1]; // behind a mirror a turn goes the other way
  return [second[0] !== first[0], (4 + second[1] + turned) % 4];
};

/** Return the move that undoes a move; a mirror image, however turned, undoes itself. */
export const inverse = ([mirrored, quarters]) => [mirrored, mirrored ? quarters : (4 - quarters) % 4];

/** Return for each map of a field which one comes to its place under a move g: the number of g⁻¹h for each h. */
export const quotients = (g, group) => {
  const names = GROUPS[group].map(String);
  return GROUPS[group].map((h) => names.indexOf(String(after(inverse(g), h))));
};

/** Return a picture, moved. */
export const act = ([mirrored, quarters], picture) => {
  const n = Math.sqrt(picture.length);
  const at = (row, column) => row * n + column;
  const read = (pixels, from) => pixels.map((_, i) => pixels[from(Math.floor(i / n), i % n)]);
  let moved = mirrored ? read(picture, (row, column) => at(row, n - 1 - column)) : picture;
  for (let k = 0; k < quarters; k += 1) moved = read(moved, (row, column) => at(column, n - 1 - row));
  return moved;
};

/** Return g·f, whose map h is the map g⁻¹h of f, moved by g. A map that is alone has no place to go to. */
export const move_field = (g, f, group) =>
  f.length === 1 ? [act(g, f[0])] : quotients(g, group).map((from) => act(g, f[from]));

/** Return the filter in the position in which each map of a layer reads it. */
export const filters = (layer, w, group) => {
  if (layer === "one") return [w];
  return GROUPS[group].map((g) => act(layer === "backwards" ? inverse(g) : g, w));
};

/** Return w * x for a filter of 3 × 3 weights, with zeros around the picture. */
export const convolve = (w, x) => {
  const n = Math.sqrt(x.length);
  return x.map((_, i) => {
    let sum = 0;
    for (let k = 0; k < 9; k += 1) {
      const [row, column] = [Math.floor(i / n) + Math.floor(k / 3) - 1, (i % n) + (k % 3) - 1];
      if (row >= 0 && row < n && column >= 0 && column < n) sum += w[k] * x[row * n + column];
    }
    return sum;
  });
};

/** Return what a layer makes of a picture: a stack of maps. */
export const field = (layer, w, x, group) => filters(layer, w, group).map((filter) => convolve(filter, x));

/** Return |a − b| relative to |b|, or as it is where b is 0. */
export const difference = (a, b) => Math.hypot(...a.map((value, i) => value - b[i])) / (Math.hypot(...b) || 1);

/** Return |layer(g x) − g layer(x)| relative to |layer(x)|. */
export const defect = (layer, w, x, g, group) =>
  difference(field(layer, w, act(g, x), group).flat(), move_field(g, field(layer, w, x, group), group).flat());

/** Return by how much the average over maps and pixels, after a ReLU, changes under a move, relative to itself. */
export const average_defect = (layer, w, x, g, group) => {
  const average = (picture) => field(layer, w, picture, group).flat().reduce((sum, value, _, all) => sum + Math.max(0, value) / all.length, 0);
  return difference([average(act(g, x))], [average(x)]);
};

/** Return for each map of the moved picture which map of the upright one it is, moved: the right one if it can be; -1 for none. */
export const sources = (layer, w, x, g, group) => {
  const answers = field(layer, w, act(g, x), group);
  const moved = field(layer, w, x, group).map((map) => act(g, map));
  const equal = (a, b) => a.every((value, i) => Math.abs(value - b[i]) < 1e-9);
  const right = layer === "one" ? [0] : quotients(g, group);
  const found = answers.map((map, h) => (equal(map, moved[right[h]]) ? right[h] : -1));
  answers.forEach((map, h) => {
    if (found[h] < 0) found[h] = moved.findIndex((other, k) => !found.includes(k) && equal(map, other));
  });
  return found;
};

/** Return in cycles where maps go, such as (0 1 2 3), from the map that comes to each place. */
export const cycles = (from) => {
  const seen = new Set();
  let text = "";
  from.forEach((_, start) => {
    const cycle = [];
    for (let map = start; !seen.has(map); map = from.indexOf(map)) {
      seen.add(map);
      cycle.push(map);
    }
    if (cycle.length > 1) text += `(${cycle.join(" ")})`;
  });
  return text || "nowhere";
};

/** Return a point of the plane, mirrored left to right, if at all, and then turned to the left by an angle in degrees. */
export const carry = ([mirrored, degrees], [x, y]) => {
  const [c, s] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const from = mirrored ? -x : x;
  return [c * from - s * y, s * from + c * y];
};

/**
 * Return where each map stands around its picture, counted in maps: where its element takes the place of the first.
 * So a move of a field is the same move of the whole drawing.
 */
export const places = (group) =>
  GROUPS[group].map(([mirrored, quarters]) => carry([mirrored, 90 * quarters], group === "turns" ? [0, 1] : [-0.5, 1.5]));
