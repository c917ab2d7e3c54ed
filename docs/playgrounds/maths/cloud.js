// A cloud of points in the plane, its covariance, and what a line through its mean leaves over.

/** Return `count` points of a long cloud, the same ones every time. */
export const cloud = (count = 60) => {
  let seed = 7;
  const uniform = () => {
    seed = (1103515245 * seed + 12345) % 2147483648;
    return (seed + 0.5) / 2147483648;
  };
  const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  return Array.from({ length: count }, () => {
    const [p, q] = [1.3 * normal(), 0.45 * normal()];
    return [0.85 * p - 0.53 * q, 0.53 * p + 0.85 * q];
  });
};

/** Return the mean of points. */
export const mean = (points) => [0, 1].map((i) => points.reduce((sum, p) => sum + p[i], 0) / points.length);

/** Return the covariance of points, divided by their number, as [xx, xy, xy, yy]. */
export const covariance = (points) => {
  const m = mean(points);
  const entry = (i, j) => points.reduce((sum, p) => sum + (p[i] - m[i]) * (p[j] - m[j]), 0) / points.length;
  return [entry(0, 0), entry(0, 1), entry(1, 0), entry(1, 1)];
};

/** Return the mean squared distance of points from the line through their mean in the direction `angle`. */
export const residual = (points, angle) => {
  const m = mean(points);
  const [x, y] = [-Math.sin(angle), Math.cos(angle)];
  return points.reduce((sum, p) => sum + ((p[0] - m[0]) * x + (p[1] - m[1]) * y) ** 2, 0) / points.length;
};
