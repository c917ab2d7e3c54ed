// The loss (ab − target)² of a network with two weights, and descent on it.

/** Return the loss at (a, b). */
export const loss = (a, b, target) => (a * b - target) ** 2;

/** Return its gradient. */
export const gradient = (a, b, target) => [2 * b * (a * b - target), 2 * a * (a * b - target)];

/** Return the points of gradient descent with a small rate. */
export const descend = (a, b, target, rate, steps) => {
  const points = [[a, b]];
  for (let k = 0; k < steps; k += 1) {
    const [x, y] = points[k];
    const [p, q] = gradient(x, y, target);
    points.push([x - rate * p, y - rate * q]);
  }
  return points;
};
