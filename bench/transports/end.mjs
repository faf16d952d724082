/**
 * One process of transports.ts: `[folder, role, deploy]` are its arguments. The Sender sends so many rows at once, or one after
 * the other, and says when all have come back; each tells its CPU time when it is asked.
 */
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, role, deployText] = process.argv.slice(2);
const module = await import(pathToFileURL(join(folder, `${role}.js`)).href);
const node = await module[`start${role}`]({ deploy: JSON.parse(deployText), log: () => {} });

const BATCH = 500;
const text = "what one process has to say ".repeat(3);
let next = 0;
let returned = 0;
let onReturn = () => {};
if (role === "Sender") {
  node.onRows(({ name }, rows) => {
    if (name !== "returned") return;
    returned += rows.length;
    onReturn();
  });
}

async function sendAll(count) {
  const total = returned + count;
  const over = new Promise((resolve) => (onReturn = () => returned === total && resolve()));
  const end = next + count;
  while (next < end) {
    for (let i = 0; i < BATCH && next < end; i++) node.offer("item", [next, text + next, next++ % 1000]);
    await (node.room() ?? new Promise((resolve) => setImmediate(resolve)));
  }
  await over;
}

/** Milliseconds of each round. */
async function oneByOne(count) {
  const rounds = [];
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    await sendAll(1);
    rounds.push(performance.now() - begun);
  }
  return rounds;
}

process.on("message", async ({ all, rounds }) => {
  const { user, system } = process.cpuUsage();
  const begun = performance.now();
  const times = rounds === undefined ? [] : await oneByOne(rounds);
  if (all !== undefined) await sendAll(all);
  process.send({ ms: performance.now() - begun, rounds: times, cpuMs: (user + system) / 1000 });
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
