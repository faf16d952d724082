import { test } from "vitest";
import { check } from "./support/check.ts";
import { examineGenerated } from "./soundness/examine.ts";
import { generate } from "./soundness/generate.ts";
test("plans", { timeout: 3_000_000 }, () => {
  const from = Number(process.env["FROM"] ?? 77_000_000), count = Number(process.env["COUNT"] ?? 60);
  let seen = 0;
  for (let seed = from; seed < from + count; seed++) {
    const generated = generate(seed);
    for (const plan of ["baseline", "2", "3"] as const) {
      let base = "";
      try { base = check(generated.text).inserted.join(); } catch { break; }
      const checking = ((text: string, strategy: any) => strategy === "auto" ? check(text, strategy, new Map(), { plan, compare: true }) : check(text, strategy)) as typeof check;
      let other;
      try { other = checking(generated.text, "auto").inserted.join(); } catch { continue; }
      if (other === base) continue;
      seen++;
      const out = examineGenerated({ ...generated, strategy: "auto" }, 1, checking);
      if (typeof out === "string") continue;
      if (out.problems.length > 0) console.log(`*** ${seed} ${plan}: ${out.problems[0]}`);
    }
  }
  console.log(`seen ${seen}`);
});
