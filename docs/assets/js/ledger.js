// Filters the claims and the errata by what their rows say of themselves in data attributes, and opens the row that an
// address names; from the page of all numbers it goes on to that row. Without it the page is the whole list, closed.
const ALL = { evidence: "any evidence", verdict: "any verdict", part: "all parts" };

const start = () => {
  const rows = [...document.querySelectorAll(".ledger-row")];
  if (!rows.length) return reveal();
  const form = document.querySelector(".ledger-filters"); // its room is kept in the page, so that nothing moves
  if (form.childElementCount) return;
  const count = Object.assign(document.createElement("output"), { className: "ledger-found" });
  const selects = Object.keys(ALL).flatMap((key) => {
    const values = [...new Set(rows.map((row) => row.dataset[key]))].filter(Boolean);
    if (values.length < 2) return [];
    const select = Object.assign(document.createElement("select"), { name: key });
    select.setAttribute("aria-label", `Show by ${key}`);
    select.append(new Option(ALL[key], ""), ...values.map((value) => new Option(value)));
    return [select];
  });
  form.append(...selects, count);
  const article = rows[0].closest("article");
  const headings = [...article.querySelectorAll("h2")].filter((heading) => form.compareDocumentPosition(heading) & 4);
  const filter = () => {
    const wanted = selects.filter((select) => select.value);
    for (const row of rows) row.hidden = wanted.some((select) => row.dataset[select.name] !== select.value);
    for (const chapter of document.querySelectorAll(".ledger-chapter")) {
      chapter.hidden = !chapter.querySelector(".ledger-row:not([hidden])");
      chapter.open = wanted.length > 0;
    }
    for (const heading of headings) {
      let next = heading.nextElementSibling;
      while (next?.hidden) next = next.nextElementSibling;
      heading.hidden = !next || next.tagName === "H2";
    }
    count.value = `${rows.filter((row) => !row.hidden).length} of ${rows.length}`;
  };
  form.addEventListener("change", filter);
  count.value = `${rows.length} of ${rows.length}`; // all rows show; to look at each costs a phone a second
  reveal();
};

const reveal = () => {
  const named = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (named?.matches(".claim-number")) return location.replace(named.href);
  if (!named?.matches(".ledger-row")) return;
  for (let part = named; part; part = part.parentElement.closest("details")) part.open = true;
  named.scrollIntoView();
};

if (window.document$) document$.subscribe(start);
else start();
