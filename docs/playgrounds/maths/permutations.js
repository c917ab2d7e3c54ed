// Permutations of 1 … n as arrays of images (from zero), their orbits on points and on pairs.

/** Return the permutation that cycle notation such as "(1 3 4)(2 5)" writes, on at least `least` points; throws an Error that says what is wrong. */
export const parse = (text, least = 1) => {
  const trimmed = text.trim();
  if (!/^(\(\s*\d+(?:[\s,]+\d+)*\s*\)\s*)*$/.test(trimmed)) throw new Error("write cycles with blanks between the points, such as (1 3 4)(2 5)");
  const cycles = [...trimmed.matchAll(/\(([^)]*)\)/g)].map(([, inside]) => inside.trim().split(/[\s,]+/).map(Number));
  const points = cycles.flat();
  if (points.includes(0)) throw new Error("points are counted from 1");
  const twice = points.find((point, i) => points.indexOf(point) !== i);
  if (twice !== undefined) throw new Error(`the point ${twice} stands there twice`);
  const images = Array.from({ length: Math.max(least, ...points) }, (_, i) => i);
  for (const cycle of cycles) cycle.forEach((point, i) => (images[point - 1] = cycle[(i + 1) % cycle.length] - 1));
  return images;
};

/** Return the permutation that is as long as `n`, with the further points fixed. */
export const extend = (images, n) => [...images, ...Array.from({ length: n - images.length }, (_, i) => images.length + i)];

/** Return its cycles, each from its smallest point, counted from one. */
export const cycles = (images) => {
  const seen = new Set();
  const found = [];
  images.forEach((_, start) => {
    const cycle = [];
    for (let point = start; !seen.has(point); point = images[point]) {
      seen.add(point);
      cycle.push(point + 1);
    }
    if (cycle.length) found.push(cycle);
  });
  return found;
};

/** Return for each of `count` things the number of its class, where each of the maps joins a thing and its image. */
const classes = (count, maps) => {
  const parent = Array.from({ length: count }, (_, i) => i);
  const root = (i) => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (const map of maps) for (let i = 0; i < count; i += 1) parent[root(map(i))] = root(i);
  const numbers = new Map();
  return Array.from({ length: count }, (_, i) => {
    const top = root(i);
    if (!numbers.has(top)) numbers.set(top, numbers.size);
    return numbers.get(top);
  });
};

/** Return the orbit of each point under the group that permutations of n points generate. */
export const orbits = (generators, n) => classes(n, generators.map((images) => (i) => images[i]));

/** Return the class of each entry of an n × n matrix, row by row: equal in all matrices that commute with the generators. */
export const entry_classes = (generators, n) =>
  classes(n * n, generators.map((images) => (k) => images[Math.floor(k / n)] * n + images[k % n]));

/** Return the number of elements of the group, or null where it is above `limit`. */
export const order = (generators, n, limit = 50_000) => {
  const one = Array.from({ length: n }, (_, i) => i);
  const seen = new Set([one.join()]);
  const waiting = [one];
  while (waiting.length) {
    const element = waiting.pop();
    for (const images of generators) {
      const product = element.map((i) => images[i]);
      if (seen.has(product.join())) continue;
      seen.add(product.join());
      if (seen.size > limit) return null;
      waiting.push(product);
    }
  }
  return seen.size;
};
