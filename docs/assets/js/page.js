// What a page does beyond showing itself: it copies listings, opens what an address leads to, and marks what was searched for.
// It changes nothing while the page loads, so that nothing is laid out twice.

const copied = async (button) => {
  const code = button.parentElement.querySelector("pre");
  try {
    await navigator.clipboard.writeText(code.textContent.trimEnd());
  } catch {
    getSelection().selectAllChildren(code); // a page without https may not write: the reader has one key to press
    if (!document.execCommand("copy")) return;
    getSelection().removeAllRanges();
  }
  button.setAttribute("aria-label", "Copied");
  setTimeout(() => button.setAttribute("aria-label", "Copy this code"), 2000);
};

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("button.copy");
  if (button) copied(button);
});

// A proof or a solution that an address leads to, or leads into, opens.
const reveal = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  let folded = named?.closest("details:not([open])");
  if (!folded) return;
  for (; folded; folded = folded.parentElement.closest("details:not([open])")) folded.open = true;
  named.scrollIntoView();
};

// The words of a search, which the address of its results carries, stand out; the page itself stays as it is.
const highlight = () => {
  if (!window.Highlight) return;
  CSS.highlights.delete("found");
  const words = new URLSearchParams(location.search).get("h")?.split(/[\s"*+~^:-]+/).filter(Boolean) ?? [];
  if (!words.length) return;
  const pattern = new RegExp(words.map((word) => word.replace(/[|\\{}()[\]^$+*?.]/g, "\\$&")).join("|"), "gi");
  const found = new Highlight();
  const texts = document.createTreeWalker(document.querySelector("article"), NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    for (const { index, 0: word } of texts.currentNode.data.matchAll(pattern)) {
      const range = new Range();
      range.setStart(texts.currentNode, index);
      range.setEnd(texts.currentNode, index + word.length);
      found.add(range);
    }
  }
  CSS.highlights.set("found", found);
};

const start = () => {
  reveal();
  highlight();
};

addEventListener("hashchange", reveal);
if (window.document$) document$.subscribe(start);
else start();
