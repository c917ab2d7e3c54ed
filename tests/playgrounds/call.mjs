// Answers calls of a playground's mathematics: a line [[module, function, arguments], …] on standard input, a line of results or an error on standard output.

import { createInterface } from "node:readline";

async function answer(calls) {
  const answers = [];
  for (const [module, name, values] of calls) {
    const maths = await import(new URL(`../../docs/playgrounds/maths/${module}.js`, import.meta.url));
    answers.push(maths[name](...values));
  }
  return answers;
}

for await (const line of createInterface(process.stdin)) {
  const found = await answer(JSON.parse(line)).catch((error) => ({ error: error.stack }));
  process.stdout.write(JSON.stringify(found) + "\n");
}
