// Space on a flat board: a fixed eye, parallel projection.

/** Return a camera that looks from `azimuth` and `elevation` (degrees): project(p) is [right, up, towards the eye]. */
export const camera = (azimuth, elevation) => {
  const [a, e] = [(azimuth * Math.PI) / 180, (elevation * Math.PI) / 180];
  const right = [-Math.sin(a), Math.cos(a), 0];
  const towards = [Math.cos(e) * Math.cos(a), Math.cos(e) * Math.sin(a), Math.sin(e)];
  const up = [
    towards[1] * right[2] - towards[2] * right[1],
    towards[2] * right[0] - towards[0] * right[2],
    towards[0] * right[1] - towards[1] * right[0],
  ];
  const along = (v, p) => v[0] * p[0] + v[1] * p[1] + v[2] * p[2];
  const project = (p) => [along(right, p), along(up, p), along(towards, p)];
  const lift = ([x, y, z]) => [0, 1, 2].map((i) => x * right[i] + y * up[i] + z * towards[i]);
  return { project, lift, right, up, towards };
};

/** Split a curve of projected points into the runs in front (depth ≥ 0) and behind. */
export const runs = (points) => {
  const [front, back] = [[], []];
  let last = null;
  for (const point of points) {
    const side = point[2] >= 0 ? front : back;
    if (side !== last) side.push([]);
    side.at(-1).push(point);
    last = side;
  }
  return { front, back };
};
