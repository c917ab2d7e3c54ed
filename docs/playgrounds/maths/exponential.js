// Small steps instead of a turn, and rotations of space from their axis and angle.

/** Return the points (I + θJ/n)ᵏ e₁ for k = 0 … n. */
export const steps = (theta, n) => {
  const points = [[1, 0]];
  const h = theta / n;
  for (let k = 0; k < n; k += 1) {
    const [x, y] = points[k];
    points.push([x - h * y, y + h * x]);
  }
  return points;
};

/** Return exp of the skew matrix of ω, by Rodrigues' formula, as three rows. */
export const rotation = ([x, y, z]) => {
  const angle = Math.hypot(x, y, z);
  const s = angle < 1e-4 ? 1 - angle ** 2 / 6 : Math.sin(angle) / angle;
  const half = angle < 1e-4 ? 1 - angle ** 2 / 24 : Math.sin(angle / 2) / (angle / 2);
  const c = (half * half) / 2;
  return [
    [1 - c * (y * y + z * z), c * x * y - s * z, c * x * z + s * y],
    [c * x * y + s * z, 1 - c * (x * x + z * z), c * y * z - s * x],
    [c * x * z - s * y, c * y * z + s * x, 1 - c * (x * x + y * y)],
  ];
};

/** Return the vector of length at most π with the same rotation: who leaves the ball comes in at the opposite point. */
export const into_ball = (omega) => {
  const angle = Math.hypot(...omega);
  if (angle <= Math.PI) return [...omega];
  const kept = angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));
  return omega.map((v) => (v * kept) / angle);
};
