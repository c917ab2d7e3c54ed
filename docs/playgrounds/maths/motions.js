// A robot in the plane: its pose is [x, y, heading].

/** Return the pose after driving straight ahead by `length`. */
export const drive = ([x, y, heading], length) => [x + length * Math.cos(heading), y + length * Math.sin(heading), heading];

/** Return the pose after turning on the spot by `angle`. */
export const turn = ([x, y, heading], angle) => [x, y, heading + angle];

/** Return the five poses of the loop: the two moves by t, then both undone in the same order; `first` is "drive" or "turn". */
export const loop = (t, first) => {
  const order = first === "drive" ? [drive, turn] : [turn, drive];
  const moves = [[order[0], t], [order[1], t], [order[0], -t], [order[1], -t]];
  return moves.reduce((poses, [move, by]) => [...poses, move(poses.at(-1), by)], [[0, 0, 0]]);
};
