/**
 * A large run of generated programs, in as many processes as `--jobs` says:
 * `npm run soundness -- --programs 10000 --from 3000000 --seeds 10 --jobs 2`. Each program is run under every schedule with so
 * many seeds, without coordination and with it. Exits with 1 when a label is wrong; what fails is cut down by
 * `DLC_SOUNDNESS=1 DLC_SEED=… DLC_SCHEDULES=… npx vitest run test/soundness/generated.test.ts`.
 */
import { build } from "esbuild";
import { fork } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outfile = join(root, "node_modules", ".cache", "dlc", "soundness-large.mjs");

if (process.send !== undefined) {
  const { examinePart } = await import(pathToFileURL(outfile).href);
  process.once("message", async (part) => {
    let told;
    examinePart(part, 25, (progress) => (told = new Promise((resolve) => process.send(progress, resolve))));
    await told;
    process.disconnect();
  });
} else await main();

async function main() {
  const { values } = parseArgs({
    options: {
      programs: { type: "string", default: "1000" },
      from: { type: "string", default: "1" },
      seeds: { type: "string", default: "2" },
      jobs: { type: "string", default: "1" },
      imports: { type: "boolean", default: false },
    },
  });
  const [programs, from, seeds, jobs] = [values.programs, values.from, values.seeds, values.jobs].map(Number);
  await build({
    absWorkingDir: root,
    entryPoints: ["test/soundness/large.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["ts-morph", "esbuild"],
    outfile,
    logLevel: "warning",
  });
  const parts = Array.from({ length: jobs }, (_, i) => Math.floor((programs * i) / jobs)).map((start, i) => ({
    from: from + start,
    programs: Math.floor((programs * (i + 1)) / jobs) - start,
    seeds,
    imports: values.imports,
  }));
  const progress = parts.map(() => ({ programs: 0, outputs: 0, shown: 0, problems: [] }));
  const total = (name) => progress.reduce((sum, each) => sum + each[name], 0);
  const codes = await Promise.all(
    parts.map(
      (part, i) =>
        new Promise((resolve) => {
          const child = fork(fileURLToPath(import.meta.url), { execArgv: ["--max-semi-space-size=32"] });
          child.on("message", (said) => {
            for (const problem of said.problems.slice(progress[i].problems.length)) console.log(problem);
            progress[i] = said;
            console.log(
              `${new Date().toISOString()}  part ${i + 1}: ${said.programs} of ${part.programs} programs from seed ${part.from}; in all ${total("programs")}, ${total("shown")} of ${total("outputs")} outputs that may differ did`,
            );
          });
          child.on("exit", resolve);
          child.send(part);
        }),
    ),
  );
  const problems = progress.flatMap((each) => each.problems);
  console.log(`${total("programs")} programs from seed ${from}, ${seeds} seeds a schedule: ${problems.length} wrong`);
  process.exitCode = problems.length > 0 || codes.some((code) => code !== 0) ? 1 : 0;
}
