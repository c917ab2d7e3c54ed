// The sphere in two kinds of coordinates: longitude and angle from the pole, and stereographic projection.

/** Return [longitude, angle from the north pole] of a point. */
export const angles = ([x, y, z]) => [Math.atan2(y, x), Math.acos(Math.min(1, Math.max(-1, z)))];

/** Return the point with these angles. */
export const point = ([longitude, polar]) => [Math.cos(longitude) * Math.sin(polar), Math.sin(longitude) * Math.sin(polar), Math.cos(polar)];

/** Return the stereographic projection from the north pole (pole = 1) or the south pole (pole = −1) onto the plane of the equator. */
export const stereographic = ([x, y, z], pole) => [x / (1 - pole * z), y / (1 - pole * z)];
