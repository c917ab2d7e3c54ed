// Attention among points of the plane, in three versions that answer a motion differently.

const softmax = (scores) => {
  const top = Math.max(...scores);
  const powers = scores.map((s) => Math.exp(s - top));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((p) => p / sum);
};

const attend = (points, queries, sharpness) =>
  queries.map(([qx, qy]) => {
    const weights = softmax(points.map(([x, y]) => sharpness * (qx * x + qy * y)));
    return [0, 1].map((i) => weights.reduce((sum, weight, j) => sum + weight * points[j][i], 0));
  });

/** Return the new points when each attends to all by the dot products of their positions. */
export const layer = (points, sharpness) => attend(points, points, sharpness);

/** Return the same with a matrix [a, b, c, d] on the coordinates of the queries, as ordinary attention has it. */
export const twin = (points, sharpness, [a, b, c, d]) =>
  attend(points, points.map(([x, y]) => [a * x + b * y, c * x + d * y]), sharpness);

/** Return the same as the layer, with positions taken from the mean and put back after it. */
export const centred = (points, sharpness) => {
  const mean = [0, 1].map((i) => points.reduce((sum, p) => sum + p[i], 0) / points.length);
  const moved = points.map(([x, y]) => [x - mean[0], y - mean[1]]);
  return layer(moved, sharpness).map(([x, y]) => [x + mean[0], y + mean[1]]);
};

/** Return points after the motion that turns by `angle` around the origin, then shifts. */
export const move = (points, angle, [right, up]) =>
  points.map(([x, y]) => [x * Math.cos(angle) - y * Math.sin(angle) + right, x * Math.sin(angle) + y * Math.cos(angle) + up]);
