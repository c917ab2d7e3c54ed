// Pictures of 28 × 28 pixels on a page: ink without a colour of its own, so that light and dark are a matter of style.

import { html } from "./frame.js";

/** Add a picture with a caption; return the function that paints it. */
export const picture = (parent, caption, css = "") => {
  const holder = html("div", { class: `play-picture ${css}` }, parent);
  const canvas = html("canvas", { width: 28, height: 28, role: "img", "aria-label": caption }, holder);
  html("span", { text: caption }, holder);
  const context = canvas.getContext("2d");
  const pixels = context.createImageData(28, 28);
  const paint = (values) => {
    values.forEach((value, i) => (pixels.data[4 * i + 3] = Math.round(255 * Math.min(1, Math.max(0, value)))));
    context.putImageData(pixels, 0, 0);
  };
  return Object.assign(paint, { canvas });
};

/** Return the data that the build wrote for a playground. */
export const load = async (name, signal) => {
  const answer = await fetch(new URL(`../assets/generated/data/${name}.json`, import.meta.url), { signal });
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`);
  return answer.json();
};
