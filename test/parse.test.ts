import { expect, test } from "vitest";
import { parse } from "../src/compiler/1-parse/parse.ts";

test("the program of the language page is read without findings", () => {
  const text = `
role AdServer x5 {
  input click(campaign: string, id: string, user: string) sealed by (campaign);
  Report.click(c, i, u) <~ click(c, i, u);
}`;
  const { value, diagnostics } = parse({ path: "a.dlc", text });
  expect(diagnostics).toEqual([]);
  expect(value?.items.map((item) => item.name.text)).toEqual(["AdServer"]);
});
