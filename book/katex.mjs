// Reads one JSON request a line ({tex, display}), answers one a line ({html} or {error}).
import { createInterface } from "node:readline";
import { readFileSync } from "node:fs";
import katex from "katex";

const macros = JSON.parse(readFileSync(new URL("./macros.json", import.meta.url), "utf8"));
const options = { throwOnError: true, strict: "error", output: "htmlAndMathml", trust: false };

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display } = JSON.parse(line);
  let answer;
  try {
    answer = { html: katex.renderToString(tex, { ...options, displayMode: display, macros: { ...macros } }) };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(JSON.stringify(answer) + "\n");
}
