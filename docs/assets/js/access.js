// What the theme's own script leaves undone for readers who listen, or who use the keyboard alone.
// It puts the copy button of every listing into a nameless <nav>: thirty listings, thirty anonymous landmarks.
// And it wraps a table so that it can scroll, but not so that a key can scroll it.
// On a screen without a pointer it takes the tab stop from listings, although they scroll sideways there as well.
const mend = () => {
  for (const code of document.querySelectorAll(".md-typeset pre > code:not([tabindex])")) code.tabIndex = 0;
  for (const nav of document.querySelectorAll("nav.md-code__nav:not([role])")) nav.setAttribute("role", "presentation");
  for (const table of document.querySelectorAll(".md-typeset__scrollwrap:not([tabindex])")) {
    table.tabIndex = 0;
    table.setAttribute("role", "group");
    table.setAttribute("aria-label", "Table");
  }
};

mend();
new MutationObserver(mend).observe(document.documentElement, {
  childList: true,
  subtree: true,
  attributeFilter: ["tabindex"],
});
