/**
 * The ad network, end to end: makes the click log if it is absent, runs fixtures/ad-network/campaign.dlc over it as nine
 * processes, once with nothing inserted and once as dlc coordinates it, and holds both against a count in one place.
 * What follows on the command line goes to both runs: `npm run ads -- --transport nats://127.0.0.1:4222`.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeLog } from "../fixtures/ad-network/clicks.mjs";
import { fail, root, runDlc } from "./run-dlc.mjs";

const folder = "out/ad-network";
const clicksPath = `${folder}/clicks.ndjson`;
const asksPath = `${folder}/asks.ndjson`;
if (!existsSync(join(root, clicksPath)) || !existsSync(join(root, asksPath))) writeLog("campaign", join(root, folder));

const log = readFileSync(join(root, clicksPath), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));
console.log(
  `Which ads have fewer than 100 clicks? ${log.length.toLocaleString("en")} clicks, 5 ad servers, 3 replicas of Report.`,
);
const wanted = countInOnePlace(log);
/** Campaign to its ads. */
const ads = new Map();
for (const { campaign, id } of log) ads.set(campaign, (ads.get(campaign) ?? new Set()).add(id));

const wild = await answers("--strategy", "none");
const wrong = [...wild.keys()].filter((key) => !wanted.has(key)).length;
console.log(`${wild.size} answers, ${wrong} of them wrong: counted before all clicks had come.\n`);

const answered = await answers();
const same = answered.size === wanted.size && [...answered.keys()].every((key) => wanted.has(key));
console.log("\n  campaign      ads   poor   fewest clicks");
const rows = [...answered.values()];
for (const campaign of [...ads.keys()].sort()) {
  const poor = rows.filter((row) => row.campaign === campaign).sort((a, b) => a.n - b.n || (a.id < b.id ? -1 : 1));
  const fewest = poor.slice(0, 3).map(({ id, n }) => `${id} (${n})`);
  console.log(
    `  ${campaign.padEnd(12)} ${String(ads.get(campaign).size).padStart(4)} ${String(poor.length).padStart(6)}   ${fewest.join(", ")}`,
  );
}
console.log(
  `\n${answered.size} answers, ${same ? "all equal to" : "NOT the same as"} a count of the whole log in one place.`,
);
if (!same) process.exitCode = 1;

/** What the analyst was told, by its JSON. */
async function answers(...more) {
  const args = [
    "run",
    "fixtures/ad-network/campaign.dlc",
    "--input",
    `AdServer[*].click=${clicksPath}`,
    "--input",
    `Analyst.ask=${asksPath}`,
    ...more,
    ...process.argv.slice(2),
  ];
  console.log(`\n$ dlc ${args.map((arg) => (arg.includes("*") ? `'${arg}'` : arg)).join(" ")}`);
  const found = new Map();
  const code = await runDlc(args, ({ collection, row }) => collection === "result" && found.set(keyOf(row), row));
  if (code !== 0) fail(`dlc run ended with ${code}`);
  return found;
}

function countInOnePlace(clicks) {
  const users = new Map();
  for (const { campaign, id, user } of clicks) {
    const key = JSON.stringify([campaign, id]);
    users.set(key, (users.get(key) ?? new Set()).add(user));
  }
  const poor = new Set();
  for (const [key, { size }] of users) {
    const [campaign, id] = JSON.parse(key);
    if (size < 100) poor.add(keyOf({ campaign, id, n: size }));
  }
  return poor;
}

function keyOf({ campaign, id, n }) {
  return JSON.stringify([campaign, id, n]);
}
