// Dot products in the plane, and of random directions in n dimensions.

/** Return v · w. */
export const dot = (v, w) => v[0] * w[0] + v[1] * w[1];

/** Return the signed length of the shadow of w on the line through v. */
export const signed_length = (v, w) => dot(v, w) / Math.hypot(...v);

/** Return the angle between v and w in degrees, from 0 to 180. */
export const angle = (v, w) => (Math.abs(Math.atan2(v[0] * w[1] - v[1] * w[0], dot(v, w))) * 180) / Math.PI;

/** Return the natural logarithm of Γ(k/2) for a whole number k ≥ 1. */
const log_gamma_half = (k) => {
  let sum = k % 2 ? 0.5 * Math.log(Math.PI) : 0;
  for (let i = k % 2 ? 1 : 2; i < k; i += 2) sum += Math.log(i / 2);
  return sum;
};

/** Return the density at c of the cosine between two random directions of n ≥ 2 dimensions. */
export const cosine_density = (n, c) => {
  const log_norm = log_gamma_half(n) - log_gamma_half(n - 1) - 0.5 * Math.log(Math.PI);
  return Math.exp(log_norm + ((n - 3) / 2) * Math.log(Math.max(1 - c * c, 1e-12)));
};
