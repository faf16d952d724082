import { failuresOf } from "./cst.ts";

const operators: ReadonlySet<string> = new Set([
  "==",
  "=",
  "<=",
  "<",
  "+",
  "-",
  "*",
  ">=",
  ">",
  "!=",
  "&&",
  "||",
  "/",
  "%",
  "in",
]);

/** What could stand at `failedAt`, in words of the language, at most six, the likeliest first. */
export function expectedOf(text: string, start: string, failedAt: number): string[] {
  const signs = new Set(failuresOf(text, start));
  const inWord = failedAt > 0 && /[A-Za-z0-9_]/.test(text[failedAt - 1]);
  const has = (sign: string): boolean => signs.has(`"${sign}"`);
  const expected: string[] = [];
  const take = (sign: string): void => {
    signs.delete(`"${sign}"`);
  };

  // Letters and digits that would make the word before longer are of no interest.
  const letters = signs.has('"a".."z"') && !inWord;
  if (has("(") && has("[") && has("{")) {
    expected.push(has("not") ? "a collection or a condition" : "a value");
    for (const sign of ["(", "[", "{", "-", "!", '\\"', "if", "not", "*", "distinct"]) take(sign);
  } else {
    if (letters) expected.push("a name");
    if (signs.has('"0".."9"') && !inWord) expected.push(letters ? "a duration" : "a number");
    if (has('\\"')) expected.push("a string");
    take('\\"');
  }
  if (has("==") && has("+")) {
    for (const operator of operators) take(operator);
    expected.push("an operator");
  }
  if (signs.delete("end of input")) expected.push(["role", "module", "component"].includes(start) ? "`{`" : "`;`");
  for (const sign of signs) {
    const literal = /^"(.*)"$/.exec(sign)?.[1];
    if (literal === undefined || sign.includes('".."') || ["", " ", "_", ".", "e", "E"].includes(literal)) continue;
    expected.push(`\`${literal}\``);
  }
  const order = (item: string): number =>
    item.startsWith("a ") ? 0 : item === "an operator" ? 3 : item.length <= 3 ? 1 : 2;
  return [...new Set(expected)].sort((a, b) => order(a) - order(b)).slice(0, 6);
}
