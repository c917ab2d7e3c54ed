// Charts of the torus: a square opened along two cut lines misses exactly those lines.

const TURN = 2 * Math.PI;

/** Return the angle between −π and π that is congruent to `a`. */
export const wrap = (a) => a - TURN * Math.round(a / TURN);

/** Tell whether two angles are the same point of the circle. */
export const same = (a, b) => Math.abs(wrap(a - b)) < 1e-9;

/**
 * Return the points that no chart covers: each chart misses the lines θ = a and φ = b of its cut [a, b]. A point that all
 * charts miss lies on a line of each; such points are listed, or "line" where a whole line is missed.
 */
export const missed = (cuts) => {
  const same_for_all = (axis) => cuts.every((cut) => same(cut[axis], cuts[0][axis]));
  if (same_for_all(0) || same_for_all(1)) return "line";
  const found = [];
  for (const [a] of cuts) {
    for (const [, b] of cuts) {
      const everywhere = cuts.every(([p, q]) => same(a, p) || same(b, q));
      if (everywhere && !found.some(([x, y]) => same(x, a) && same(y, b))) found.push([wrap(a), wrap(b)]);
    }
  }
  return found;
};
