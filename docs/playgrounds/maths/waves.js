// Autoencoders of 28 × 28 pictures: a dense one, and one that commutes with horizontal shifts. Pictures are arrays of 784, row by row.

const SIDE = 28;
const COUNT = SIDE / 2 + 1;
const turns = Array.from({ length: SIDE }, (_, i) => (2 * Math.PI * i) / SIDE);
const [COS, SIN] = [turns.map(Math.cos), turns.map(Math.sin)];

/** Return the numbers that were packed into bytes, as multiples of a scale. */
export const unpacked = ({ scale, bytes }) =>
  Array.from(atob(bytes), (letter) => ((letter.charCodeAt(0) << 24) >> 24) * scale);

/** Return the bases of all frequencies, each as [real, imaginary], from their packed numbers. */
export const bases_of = (packed) => {
  const numbers = unpacked(packed);
  const size = SIDE * SIDE;
  const half = numbers.length / 2;
  return Array.from({ length: COUNT }, (_, k) => [0, half].map((from) => numbers.slice(from + k * size, from + (k + 1) * size)));
};

/** Return a picture moved to the right by `by` pixels, around the edge. */
export const shift = (picture, by) =>
  picture.map((_, i) => picture[i - (i % SIDE) + ((((i % SIDE) - by) % SIDE) + SIDE) % SIDE]);

/** Return the waves of a picture along its rows: for each frequency 0 … 14 the pair [real, imaginary] of arrays over the rows. */
export const waves = (picture) =>
  Array.from({ length: COUNT }, (_, k) => {
    const [real, imaginary] = [new Array(SIDE).fill(0), new Array(SIDE).fill(0)];
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        const turn = (k * x) % SIDE;
        real[y] += (picture[y * SIDE + x] * COS[turn]) / Math.sqrt(SIDE);
        imaginary[y] -= (picture[y * SIDE + x] * SIN[turn]) / Math.sqrt(SIDE);
      }
    }
    return [real, imaginary];
  });

/** Return the picture with these waves. */
export const picture_of = (spectrum) => {
  const picture = new Array(SIDE * SIDE).fill(0);
  spectrum.forEach(([real, imaginary], k) => {
    const times = k === 0 || k === COUNT - 1 ? 1 : 2;
    for (let y = 0; y < SIDE; y += 1) {
      for (let x = 0; x < SIDE; x += 1) {
        const turn = (k * x) % SIDE;
        picture[y * SIDE + x] += (times * (real[y] * COS[turn] - imaginary[y] * SIN[turn])) / Math.sqrt(SIDE);
      }
    }
  });
  return picture;
};

/** Return a wave projected onto the first `rank` of the columns of a basis: [real, imaginary] of 28 × 28 arrays, row by row. */
export const project = ([real, imaginary], [re, im], rank) => {
  const out = [new Array(SIDE).fill(0), new Array(SIDE).fill(0)];
  for (let j = 0; j < rank; j += 1) {
    let [p, q] = [0, 0]; // the coordinate: the conjugate of the column, times the wave
    for (let y = 0; y < SIDE; y += 1) {
      const [a, b] = [re[y * SIDE + j], im[y * SIDE + j]];
      p += a * real[y] + b * imaginary[y];
      q += a * imaginary[y] - b * real[y];
    }
    for (let y = 0; y < SIDE; y += 1) {
      const [a, b] = [re[y * SIDE + j], im[y * SIDE + j]];
      out[0][y] += a * p - b * q;
      out[1][y] += a * q + b * p;
    }
  }
  return out;
};

/** Return what the equivariant autoencoder makes of a picture: its rank at each frequency, its basis there. */
export const equivariant = (picture, bases, ranks) =>
  picture_of(waves(picture).map((wave, k) => project(wave, bases[k], ranks[k])));

/** Return what the dense autoencoder makes of a picture: the projection onto the columns of a basis of 784 rows. */
export const dense = (picture, basis, rank) => {
  const out = new Array(picture.length).fill(0);
  for (let j = 0; j < rank; j += 1) {
    let coordinate = 0;
    for (let i = 0; i < picture.length; i += 1) coordinate += basis[i * rank + j] * picture[i];
    for (let i = 0; i < picture.length; i += 1) out[i] += basis[i * rank + j] * coordinate;
  }
  return out;
};

/** Return the length of the difference of two pictures, as a share of the length of the second. */
export const difference = (one, other) =>
  Math.hypot(...one.map((v, i) => v - other[i])) / Math.hypot(...other);

/** Return the rank of a choice of ranks: frequencies 1 … 13 count twice. */
export const total = (ranks) => ranks.reduce((sum, r, k) => sum + (k === 0 || k === COUNT - 1 ? r : 2 * r), 0);

/** Return the number of weights of a choice of ranks, encoder and decoder together: twice 28 a unit of rank. */
export const weights = (ranks) => 2 * SIDE * total(ranks);

/** Return the loss of a choice of ranks, from the loss without any and what each unit of rank takes off at each frequency. */
export const loss = (ranks, nothing, gains) =>
  ranks.reduce((sum, rank, k) => gains[k].slice(0, rank).reduce((s, gain) => s - gain, sum), nothing);
