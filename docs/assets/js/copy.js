// A copied formula is its TeX: $…$ in a sentence, $$…$$ where it stands alone, in its place among the words around it.
// Without this a browser copies each formula twice, and the drawn one a sign a line.

const FORMULA = ".katex-display, .katex";

const whole = (node) => {
  const element = node.nodeType === Node.ELEMENT_NODE ? node : node.parentElement;
  const formula = element?.closest(".katex");
  return formula?.closest(".katex-display") ?? formula;
};

// What is selected of a range, in which a formula is whole or absent.
const selected = (range) => {
  const grown = range.cloneRange();
  const [first, last] = [whole(range.startContainer), whole(range.endContainer)];
  if (first) grown.setStartBefore(first);
  if (last) grown.setEndAfter(last);
  return grown.cloneContents();
};

const asTex = (formula) => {
  const tex = formula.querySelector('annotation[encoding="application/x-tex"]')?.textContent.trim();
  if (tex === undefined) return;
  const fence = formula.matches(".katex-display") ? "$$" : "$";
  const text = document.createElement("span");
  text.style.whiteSpace = "pre-wrap";
  text.textContent = fence + tex + fence;
  formula.replaceWith(text);
};

// A raised sign is the small one that stands in the text of the book: 10⁻⁶, which as 10−6 would be another number.
const [RAISED, SMALL] = ["−0123456789T", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹ᵀ"];
const asSmall = (sign) => {
  const small = [...sign.textContent].map((one) => SMALL[RAISED.indexOf(one)]);
  if (!sign.firstElementChild && small.every(Boolean)) sign.replaceWith(small.join(""));
};

// The text of a copy as the page lays it out, without what a reader does not see.
const read = (copy) => {
  const room = document.createElement("div");
  room.className = "md-typeset";
  room.setAttribute("aria-hidden", "true");
  room.style.cssText = "position: fixed; top: 0; left: -200vw; width: 100vw";
  room.append(copy);
  for (const play of room.querySelectorAll("play-ground")) play.replaceWith(...play.querySelectorAll(":scope > img"));
  for (const part of room.querySelectorAll("script, link, .headerlink, .copy, details:not([open]) > :not(summary)")) part.remove();
  for (const named of room.querySelectorAll("[id]")) named.removeAttribute("id");
  for (const apart of room.querySelectorAll("[data-room]")) apart.removeAttribute("data-room"); // else it has no text out here
  document.body.append(room);
  const hidden = [...room.querySelectorAll("img")].filter((image) => getComputedStyle(image).display === "none");
  for (const image of hidden) image.remove();
  const text = { "text/plain": room.innerText, "text/html": room.innerHTML };
  room.remove();
  return text;
};

document.addEventListener("copy", (event) => {
  const selection = document.getSelection();
  if (selection.isCollapsed || !event.clipboardData || event.target.closest?.("input, textarea")) return;
  const copy = document.createDocumentFragment();
  for (let index = 0; index < selection.rangeCount; index++) copy.append(selected(selection.getRangeAt(index)));
  if (!copy.querySelector(".katex, sup")) return;
  for (const formula of copy.querySelectorAll(FORMULA)) if (copy.contains(formula)) asTex(formula);
  for (const sign of copy.querySelectorAll("sup")) asSmall(sign);
  for (const [kind, text] of Object.entries(read(copy))) event.clipboardData.setData(kind, text);
  event.preventDefault();
});
