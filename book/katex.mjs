// Reads a JSON list of formulas, [tex, display], and answers with a list of what became of them, {html} or {error}.
import { readFileSync } from "node:fs";
import katex from "katex";

const macros = JSON.parse(readFileSync(new URL("./macros.json", import.meta.url), "utf8"));
const options = { throwOnError: true, strict: "error", output: "htmlAndMathml", trust: false };

const typeset = ([tex, displayMode]) => {
  try {
    return { html: katex.renderToString(tex, { ...options, displayMode, macros: { ...macros } }) };
  } catch (error) {
    return { error: error.message };
  }
};

console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map(typeset)));
