// Pictures as a mean plus a mixture of directions, and the points that lie nearest to a place.

/** Return mean + Σ codes[k] · directions[k], all of them arrays of pixels. */
export const combine = (mean, directions, codes) =>
  mean.map((value, i) => codes.reduce((sum, code, k) => sum + code * directions[k][i], value));

/** Return the numbers of the `count` points [x, y] nearest to a place, the nearest first. */
export const nearest = (points, [x, y], count) =>
  points
    .map(([px, py], i) => [Math.hypot(px - x, py - y), i])
    .sort((a, b) => a[0] - b[0])
    .slice(0, count)
    .map(([, i]) => i);
