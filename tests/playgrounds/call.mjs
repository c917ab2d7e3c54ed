// Answers calls of a playground's mathematics: [[module, function, arguments], …] on standard input, their results on standard output.

const text = await new Response(process.stdin).text();
const answers = [];
for (const [module, name, values] of JSON.parse(text)) {
  const maths = await import(new URL(`../../docs/playgrounds/maths/${module}.js`, import.meta.url));
  answers.push(maths[name](...values));
}
process.stdout.write(JSON.stringify(answers));
