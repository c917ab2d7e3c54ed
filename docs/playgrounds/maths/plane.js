// 2×2 matrices as [a, b, c, d]: rows (a, b) and (c, d). Pure functions, no document.

/** Return M x. */
export const apply = ([a, b, c, d], [x, y]) => [a * x + b * y, c * x + d * y];

/** Return M N. */
export const multiply = ([a, b, c, d], [e, f, g, h]) => [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h];

/** Return ad − bc, the signed area of the image of the unit square. */
export const determinant = ([a, b, c, d]) => a * d - b * c;

/** Return the rank, with what is below `share` of the largest singular value taken for zero. */
export const rank = (M, share = 1e-9) => {
  const { sigma } = svd(M);
  return sigma.filter((s) => s > share * sigma[0]).length;
};

/** Return M multiplied k times. */
export const power = (M, k) => {
  let result = [1, 0, 0, 1];
  for (let i = 0; i < k; i += 1) result = multiply(M, result);
  return result;
};

/** Return (1 − t) I + t M. */
export const blend = ([a, b, c, d], t) => [1 - t + t * a, t * b, t * c, 1 - t + t * d];

/** Return the counterclockwise rotation by `angle`. */
export const rotation = (angle) => [Math.cos(angle), -Math.sin(angle), Math.sin(angle), Math.cos(angle)];

/** Return the two eigenvalues as pairs [real, imaginary]; the larger real one, or the one above the axis, first. */
export const eigenvalues = ([a, b, c, d]) => {
  const middle = (a + d) / 2;
  const under = ((a - d) / 2) ** 2 + b * c;
  const root = Math.sqrt(Math.abs(under));
  return under >= 0 ? [[middle + root, 0], [middle - root, 0]] : [[middle, root], [middle, -root]];
};

/** Return a vector of length one with M v = λ v for a real eigenvalue λ. */
export const eigenvector = ([a, b, c, d], lambda) => {
  const rows = [[a - lambda, b], [c, d - lambda]];
  const [p, q] = Math.hypot(...rows[0]) >= Math.hypot(...rows[1]) ? rows[0] : rows[1];
  const length = Math.hypot(p, q);
  if (length === 0) return [1, 0];
  return p > 0 || (p === 0 && q < 0) ? [-q / length, p / length] : [q / length, -p / length];
};

/**
 * Return { alpha, sigma: [s1, s2], beta, flip } with M = R(beta) diag(s1, ±s2) R(−alpha), s1 ≥ s2 ≥ 0; flip is −1 where det M < 0.
 * M is a rotation part (e, h) plus a reflection part (f, g); their lengths are (s1 ± s2) / 2.
 */
export const svd = ([a, b, c, d]) => {
  const [e, f, g, h] = [(a + d) / 2, (a - d) / 2, (c + b) / 2, (c - b) / 2];
  const [turned, mirrored] = [Math.hypot(e, h), Math.hypot(f, g)];
  const [sum, difference] = [Math.atan2(g, f), Math.atan2(h, e)];
  return {
    alpha: (sum - difference) / 2,
    beta: (sum + difference) / 2,
    sigma: [turned + mirrored, Math.abs(turned - mirrored)],
    flip: turned >= mirrored ? 1 : -1,
  };
};

/** Return the coordinates of t in the columns of M, by Cramer's rule; the columns must not be parallel. */
export const coordinates = (M, [x, y]) => {
  const [a, b, c, d] = M;
  const area = determinant(M);
  return [(x * d - b * y) / area, (a * y - x * c) / area];
};
