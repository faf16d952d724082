/** A folder of its own for a test, and a command line whose output is caught. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { main } from "../src/cli/main.ts";
import type { Io } from "../src/cli/io.ts";

export interface Place {
  readonly folder: string;
  /** Writes files by their path in the folder. */
  readonly write: (files: Readonly<Record<string, string>>) => void;
  /** Runs `dlc …` in the folder. */
  readonly dlc: (...args: string[]) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>;
  /** A world around a command; what it prints is collected. */
  readonly io: (around?: Partial<Io>) => Io & { readonly printed: { out: string; err: string } };
  readonly remove: () => void;
}

export function makePlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), "dlc-test-"));
  const io: Place["io"] = (around = {}) => {
    const printed = { out: "", err: "" };
    return {
      out: (text) => void (printed.out += text),
      err: (text) => void (printed.err += text),
      cwd: folder,
      env: { XDG_CACHE_HOME: join(folder, ".cache-of-user"), HOME: folder },
      colour: false,
      errColour: false,
      terminal: false,
      input: async () => "",
      onInterrupt: () => {},
      width: Infinity,
      ...around,
      printed,
    };
  };
  return {
    folder,
    io,
    write(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true });
        writeFileSync(join(folder, path), text);
      }
    },
    async dlc(...args) {
      const around = io();
      const code = await main(args, around);
      return { code, ...around.printed };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The program of the README, with `sealed` as the promise of its clicks (" sealed by (campaign)", or ""). */
export function ads(sealed = " sealed by (campaign)"): string {
  return `role AdServer x5 {
  input click(campaign: string, id: string, user: string)${sealed};
  Report.click(c, i, u) <~ click(c, i, u);
}

role Report replicated x3 {
  channel click(campaign: string, id: string, user: string);
  channel request(client: addr, campaign: string);
  table   clicks(campaign: string, id: string, user: string);
  table   requests(client: addr, campaign: string);
  scratch poor(campaign: string, id: string, n: int);

  clicks(c, i, u)  <= click(c, i, u);
  requests(a, c)   <= request(a, c);
  poor(c, i, count()) <= clicks(c, i, _) having count() < 100;
  Analyst.answer@a(c, i, n) <~ requests(a, c), poor(c, i, n);
}

role Analyst {
  input   ask(campaign: string);
  channel answer(campaign: string, id: string, n: int);
  output  result(campaign: string, id: string, n: int);
  Report.request(self, c) <~ ask(c);
  result(c, i, n) <= answer(c, i, n);
}
`;
}
