// The normals of the ellipse (a cos t, b sin t) through a point: where the distance to the point is stationary.

/** Return the point of the ellipse at parameter t. */
export const point = (a, b, t) => [a * Math.cos(t), b * Math.sin(t)];

/** Return half the derivative of the squared distance from `u` to the point at t. */
export const slope = (a, b, [x, y], t) => (b * b - a * a) * Math.sin(t) * Math.cos(t) + a * x * Math.sin(t) - b * y * Math.cos(t);

/** Return half the second derivative; positive at a nearest point. */
export const bend = (a, b, [x, y], t) => (b * b - a * a) * Math.cos(2 * t) + a * x * Math.cos(t) + b * y * Math.sin(t);

/** Return the parameters of all critical points, from −π to π, found between `samples` equally spaced ones. */
export const critical = (a, b, u, samples = 1440) => {
  const found = [];
  const step = (2 * Math.PI) / samples;
  for (let i = 0; i < samples; i += 1) {
    let [low, high] = [-Math.PI + (i + 0.37) * step, -Math.PI + (i + 1.37) * step];
    const [left, right] = [slope(a, b, u, low), slope(a, b, u, high)];
    if (left * right >= 0) continue;
    for (let k = 0; k < 60; k += 1) {
      const middle = (low + high) / 2;
      if (slope(a, b, u, middle) * left > 0) low = middle;
      else high = middle;
    }
    found.push((low + high) / 2);
  }
  return found;
};

/** Return the parameter of the nearest point, of the critical ones. */
export const nearest = (a, b, u, feet = critical(a, b, u)) => {
  const away = (t) => Math.hypot(point(a, b, t)[0] - u[0], point(a, b, t)[1] - u[1]);
  return feet.reduce((best, t) => (away(t) < away(best) ? t : best));
};

/** Return the point of the evolute at t: the centre of curvature. */
export const evolute = (a, b, t) => [((a * a - b * b) / a) * Math.cos(t) ** 3, ((b * b - a * a) / b) * Math.sin(t) ** 3];
