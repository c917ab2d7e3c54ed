// What all playgrounds share: state that lives in the address, one redraw a frame, handles, fields, readings, a task.

const SVG = "http://www.w3.org/2000/svg";

/** Return an element of SVG with attributes. */
export const svg = (name, attributes = {}, parent) => {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
};

/** Give an element an attribute, unless it has it: what is written again is computed and painted again. */
export const give = (element, name, value) => {
  if (element.getAttribute(name) !== `${value}`) element.setAttribute(name, value);
};

/** Put words into an element, unless they are there. */
export const put_words = (element, words) => {
  if (element.textContent !== words) element.textContent = words;
};

/** Return an element of HTML with properties; `text` is its text, `class` its class. */
export const html = (name, { class: css, text, ...properties } = {}, parent) => {
  const element = document.createElement(name);
  if (css) element.className = css;
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || !(key in element)) element.setAttribute(key, value);
    else element[key] = value;
  }
  parent?.append(element);
  return element;
};

/** Write a number as a page does: a true minus sign, no -0, at most `digits` decimals. */
export const show = (value, digits = 2) => {
  const text = (Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value).toFixed(digits);
  return text.replace("-", "−");
};

/** Keep a number between two others. */
export const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const clean = (value) => Number(value.toFixed(4));

/** Return the numbers and words of a state as text for the address: a=1.5,b=2,mode=area. */
export const write = (state) =>
  Object.entries(state)
    .map(([name, value]) => `${name}=${typeof value === "number" ? clean(value) : value}`)
    .join(",");

/** Return a state of the kind of `start` from text; throws an Error that says what is wrong with it. */
export const read = (text, start, limits = {}) => {
  const state = { ...start };
  for (const part of text.split(",").filter(Boolean)) {
    const [name, value] = part.split("=");
    if (!(name in start)) throw new Error(`there is no “${name}” here`);
    if (typeof start[name] === "number") {
      const number = Number(value);
      const [low, high] = limits[name] ?? [-100, 100];
      if (value === undefined || value.trim() === "" || !Number.isFinite(number)) throw new Error(`“${value}” is no number for ${name}`);
      if (number < low || number > high) throw new Error(`${name} = ${value} is outside ${low} … ${high}`);
      state[name] = number;
    } else {
      if (limits[name] instanceof RegExp && !limits[name].test(value ?? "")) throw new Error(`“${value}” is no ${name}`);
      if (Array.isArray(limits[name]) && !limits[name].includes(value)) throw new Error(`“${value}” is none of ${limits[name].join(", ")}`);
      state[name] = value ?? "";
    }
  }
  return state;
};

/**
 * Return what a playground needs: its state, a way to change it, and parts to build its room with.
 * `draw(state)` repaints everything, at most once a frame; `say(state)` puts the picture into one sentence.
 */
export const frame = (room, { key, given, signal, start, limits, draw, say }) => {
  const name = `play-${key}`;
  const opened = { ...start };
  try {
    Object.assign(opened, read(given, start, limits));
  } catch (error) {
    console.error(`playground ${key}: ${error.message}`);
  }
  const state = { ...opened };
  const board = html("div", { class: "play-board" }, room);
  const side = html("div", { class: "play-side" }, room);
  const problem = html("p", { class: "play-problem", role: "alert" });
  const spoken = html("p", { class: "play-spoken", role: "status" });
  const listeners = [];
  /** Add what happens at each frame where `value(state)` is another than at the last. */
  const follow = (value, act) => {
    let last;
    listeners.push(() => {
      const now = value(state);
      if (now !== last) act(now);
      last = now;
    });
  };

  let asked = 0;
  let owed = false; // a sentence, at the end of a gesture
  let solved = false;
  const paint = () => {
    asked = 0;
    for (const listener of listeners) listener(state);
    draw(state);
    if (owed) spoken.textContent = `${say(state)}${solved ? " The task is done." : ""}`;
    owed = false;
  };
  const redraw = () => {
    asked ||= requestAnimationFrame(paint);
  };
  signal.addEventListener("abort", () => cancelAnimationFrame(asked));

  /** Change the state while a gesture lasts. */
  const change = (values) => {
    Object.assign(state, values);
    put_words(problem, "");
    redraw();
  };
  /** End a gesture: say the picture once and put the state into the address. A key that is held down is one gesture. */
  let due = 0;
  const settle = () => {
    clearTimeout(due);
    due = setTimeout(tell, 150);
  };
  signal.addEventListener("abort", () => clearTimeout(due));
  const tell = () => {
    owed = true;
    redraw();
    const address = new URL(location.href);
    const text = write(state);
    if (text === write(opened)) address.searchParams.delete(name);
    else address.searchParams.set(name, text);
    history.replaceState(history.state, "", address);
  };
  /** Change the state by a single act: a key, a field, a button. */
  const put = (values) => {
    change(values);
    settle();
  };

  const wanted = new URL(location.href).searchParams.get(name);
  if (wanted !== null) {
    try {
      Object.assign(state, read(wanted, start, limits));
    } catch (error) {
      problem.textContent = `The address is not understood (${error.message}); this is the picture as the page has it.`;
    }
  }

  /** Add a line of controls with a name. */
  const group = (label) => {
    const set = html("fieldset", { class: "play-group" }, side);
    html("legend", { text: label }, set);
    return set;
  };
  /** Add a field for a number of the state; what is no number, or too large, is told and changes nothing. */
  const field = (parent, of, label, { step = 0.1, short = label } = {}) => {
    const [min, max] = limits[of];
    const holder = html("label", { class: "play-field" }, parent);
    html("span", { text: short }, holder);
    const input = html("input", { type: "number", step: "any", min, max, inputMode: "decimal", "aria-label": label }, holder);
    const accept = () => {
      try {
        put({ [of]: read(`${of}=${input.value}`, start, limits)[of] });
        input.removeAttribute("aria-invalid");
      } catch (error) {
        give(input, "aria-invalid", "true");
        problem.textContent = `${label}: ${error.message}. The picture is the last good one.`;
      }
    };
    input.addEventListener("input", accept, { signal });
    input.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      const next = state[of] + way * step * (event.shiftKey ? 10 : 1);
      put({ [of]: Math.min(max, Math.max(min, clean(next))) });
      input.value = clean(state[of]);
    }, { signal });
    input.addEventListener("blur", () => {
      input.value = clean(state[of]);
      input.removeAttribute("aria-invalid");
      problem.textContent = "";
    }, { signal });
    listeners.push(() => {
      if (document.activeElement !== input && Number(input.value || NaN) !== clean(state[of])) input.value = clean(state[of]);
    });
    return input;
  };
  /** Add a slider for a number of the state; a step with the arrow keys, ten with Shift. With `log` it moves by factors. */
  const slider = (parent, of, label, { step = 0.01, log = false, text = (value) => show(value) } = {}) => {
    const [min, max] = limits[of];
    const [to, from] = log ? [Math.log2, (v) => 2 ** v] : [(v) => v, (v) => v];
    const keep = (value) => clean(clamp(Math.round(value / step) * step, min, max));
    const holder = html("label", { class: "play-slider" }, parent);
    const caption = html("span", { text: label }, holder);
    const value = html("span", { class: "play-value" }, caption);
    const input = html("input", { type: "range", min: to(min), max: to(max), step: log ? "any" : step, "aria-label": label }, holder);
    input.addEventListener("input", () => change({ [of]: keep(from(Number(input.value))) }), { signal });
    input.addEventListener("change", settle, { signal });
    input.addEventListener("keydown", (event) => {
      const way = { ArrowUp: 1, ArrowRight: 1, ArrowDown: -1, ArrowLeft: -1 }[event.key];
      if (!way) return;
      event.preventDefault();
      put({ [of]: clamp(keep(state[of] + way * step * (event.shiftKey ? 10 : 1)), min, Math.min(max, from(Number(input.max)))) });
    }, { signal });
    follow(({ [of]: now }) => text(now), (words) => {
      value.textContent = words;
      give(input, "aria-valuetext", words);
    });
    follow(({ [of]: now }) => now, (now) => (input.value = to(now)));
    return input;
  };
  /** Add a choice among words of the state, as radio buttons. */
  const choice = (of, label, words) => {
    const set = group(label);
    set.classList.add("play-choice");
    for (const [value, text] of Object.entries(words)) {
      const holder = html("label", {}, set);
      const input = html("input", { type: "radio", name: `${name}-${of}`, value }, holder);
      html("span", { text }, holder);
      input.addEventListener("change", () => put({ [of]: value }), { signal });
      follow(({ [of]: now }) => now === value, (chosen) => (input.checked = chosen));
    }
    return set;
  };
  /** Add a button. */
  const button = (parent, label, act) => {
    const made = html("button", { type: "button", text: label }, parent);
    made.addEventListener("click", act, { signal });
    return made;
  };
  /** Add a row of ready-made states. */
  const presets = (label, states) => {
    const set = group(label);
    set.classList.add("play-presets");
    for (const [text, values] of Object.entries(states)) button(set, text, () => put(values));
    return set;
  };
  /** Add a named reading; return the function that sets it, with its row. */
  const reading = (label) => {
    let list = side.querySelector(".play-readings");
    list ??= html("div", { class: "play-readings" }, side);
    const holder = html("div", {}, list);
    html("span", { text: label }, holder);
    const output = html("output", { "aria-live": "off", "aria-label": label }, holder);
    return Object.assign((text) => put_words(output, text), { row: holder });
  };
  /** Add a named reading with a bar from 0 to 1; return { set(text, share) }. */
  const meter = (label) => {
    const set = reading(label);
    const bar = html("meter", { min: 0, max: 1, "aria-hidden": "true" }, set.row);
    return {
      set: (text, share) => {
        set(text);
        give(bar, "value", clamp(share, 0, 1));
      },
    };
  };
  /** Add a task; return the function that sets it, tells whether it is solved, and folds the answer away. */
  const task = () => {
    const box = html("div", { class: "play-task" }, side);
    const line = html("p", {}, box);
    const words = html("span", {}, line);
    const done = html("strong", { class: "play-done" }, line);
    const fold = html("details", { class: "play-fold" }, box);
    html("summary", { text: "Answer" }, fold);
    const answer = html("p", {}, fold);
    return (text, is_solved, why) => {
      solved = is_solved;
      if (answer.textContent !== why) {
        words.textContent = `Try: ${text} `;
        answer.textContent = why;
        fold.open = false;
      }
      put_words(done, is_solved ? "✓ done" : "");
    };
  };
  /** Close the room with the line of messages and the reset. */
  const finish = () => {
    const foot = html("div", { class: "play-foot" }, side);
    button(foot, "Reset", () => put(opened));
    foot.append(problem);
    side.append(spoken);
    paint();
  };

  return { state, change, settle, put, board, side, group, field, slider, choice, presets, reading, meter, task, finish, signal };
};

/** Return the path through points, each put on the board by `to`. */
export const trace = (to, points, closed = false) =>
  points.map((p, i) => `${i ? "L" : "M"}${to(p).map((c) => c.toFixed(1)).join(" ")}`).join("") + (closed ? "Z" : "");

/** Return an SVG board with its mathematical coordinates: the origin and the pixels of one unit, or of one to the right and one up. */
export const plane = (parent, { width, height, unit, units = [unit, unit], origin = [width / 2, height / 2], label }) => {
  const root = svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": label }, parent);
  const to = ([x, y]) => [origin[0] + units[0] * x, origin[1] - units[1] * y];
  const from = (event) => {
    const box = root.getBoundingClientRect();
    const px = ((event.clientX - box.left) * width) / box.width;
    const py = ((event.clientY - box.top) * height) / box.height;
    return [(px - origin[0]) / units[0], (origin[1] - py) / units[1]];
  };
  const path = (points, closed) => trace(to, points, closed);
  return { root, to, from, path, width, height };
};

/** Put an arrow from `tail` to `tip` into a path; it ends `gap` pixels before the tip, where a handle covers it. */
export const arrow = (board, tail, tip, head = 9, gap = 0) => {
  const [ax, ay] = board.to(tail);
  const [cx, cy] = board.to(tip);
  const whole = Math.hypot(cx - ax, cy - ay);
  const length = whole - gap;
  if (length < 1) return "";
  const size = Math.min(head, length * 0.6);
  const [ux, uy] = [(cx - ax) / whole, (cy - ay) / whole];
  const [bx, by] = [ax + length * ux, ay + length * uy];
  const wing = (side) => `${(bx - size * ux + side * 0.5 * size * uy).toFixed(1)} ${(by - size * uy - side * 0.5 * size * ux).toFixed(1)}`;
  return `M${ax.toFixed(1)} ${ay.toFixed(1)}L${bx.toFixed(1)} ${by.toFixed(1)}M${wing(1)}L${bx.toFixed(1)} ${by.toFixed(1)}L${wing(-1)}`;
};

/**
 * Add a point that can be dragged, or moved by the arrow keys (ten steps with Shift).
 * `at()` is where it is; `begin()` starts a drag, `place(point)` puts it there, `settle()` ends the gesture.
 */
export const handle = (board, { name, css = "", at, begin, place, settle, step = 0.1, signal }) => {
  const mark = svg("g", { class: `play-handle ${css}`, tabindex: 0, role: "img", "aria-label": `${name}: drag, or use the arrow keys` }, board.root);
  svg("circle", { r: 24, class: "play-reach" }, mark);
  svg("circle", { r: 8, class: "play-dot" }, mark);
  let grip = null;
  mark.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false, signal }); // else the page scrolls
  mark.addEventListener("pointerdown", (event) => {
    if (event.button || grip) return;
    mark.setPointerCapture(event.pointerId);
    const [x, y] = board.from(event);
    const [px, py] = at();
    grip = [px - x, py - y, event.pointerId];
    mark.classList.add("is-held");
    begin?.();
  }, { signal });
  mark.addEventListener("pointermove", (event) => {
    if (grip?.[2] !== event.pointerId) return;
    const [x, y] = board.from(event);
    place([x + grip[0], y + grip[1]]);
  }, { signal });
  const drop = (event) => {
    if (grip?.[2] !== event.pointerId) return;
    grip = null;
    mark.classList.remove("is-held");
    settle();
  };
  for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) mark.addEventListener(end, drop, { signal });
  mark.addEventListener("keydown", (event) => {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
    if (!way) return;
    event.preventDefault();
    const size = step * (event.shiftKey ? 10 : 1);
    const [x, y] = at();
    place([x + way[0] * size, y + way[1] * size]);
    settle();
  }, { signal });
  return () => {
    const [x, y] = board.to(at());
    give(mark, "transform", `translate(${x.toFixed(1)} ${y.toFixed(1)})`);
  };
};

/** Put a text beside a point of a board, inside the board; a falsy text hides it. */
export const write_at = (board, text, at, words, [dx, dy] = [12, -10]) => {
  const [x, y] = board.to(at);
  put_words(text, words || "");
  if (!words) {
    for (const name of ["x", "y"]) text.removeAttribute(name);
    return;
  }
  give(text, "x", clamp(x + dx, 6, board.width - 8 - 7.5 * words.length).toFixed(1));
  give(text, "y", clamp(y + dy, 14, board.height - 6).toFixed(1));
};
