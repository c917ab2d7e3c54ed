// A head that answers an angle by one number: a broken line through the same number of heights, closed around the circle.

const TURN = 360;

/** Return the height over `angle` (degrees) of the closed broken line through equally spaced heights. */
export const height = (heights, angle) => {
  const place = ((((angle % TURN) + TURN) % TURN) / TURN) * heights.length;
  const from = Math.floor(place) % heights.length;
  const part = place - Math.floor(place);
  return heights[from] * (1 - part) + heights[(from + 1) % heights.length] * part;
};

/** Return the angle between two directions, in degrees, from 0 to 180. */
export const apart = (a, b) => Math.abs(((((a - b + TURN / 2) % TURN) + TURN) % TURN) - TURN / 2);

/** Return the error of the head at `angle`. */
export const error = (heights, angle) => apart(height(heights, angle), angle);

/** Return the mean error over `count` equally spaced angles. */
export const mean_error = (heights, count = 720) => {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += error(heights, (i * TURN) / count);
  return sum / count;
};

/** Return the angles at which the head is wrong by exactly half a turn; there is always one. */
export const opposite = (heights) => {
  const step = TURN / heights.length;
  const found = [];
  heights.forEach((left, i) => {
    const right = heights[(i + 1) % heights.length] - step; // height minus angle falls along the piece by this much more
    const [a, b] = [left - i * step, right - i * step];
    const [low, high] = [Math.min(a, b), Math.max(a, b)];
    for (let k = Math.ceil((low - TURN / 2) / TURN); k * TURN + TURN / 2 <= high; k += 1) {
      const level = k * TURN + TURN / 2;
      const part = a === b ? 0 : (level - a) / (b - a);
      if (part < 1) found.push((i + part) * step);
    }
  });
  return found;
};
