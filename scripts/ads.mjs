/**
 * The ad network, end to end: makes the click log if it is absent, compiles fixtures/ad-network/campaign.dlc, runs its
 * nine processes over the log, and prints which ads of each campaign perform badly, beside the count made in one place.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeLog } from "../fixtures/ad-network/clicks.mjs";
import { fail, root, runDlc } from "./run-dlc.mjs";

const folder = join("out", "ad-network");
const clicksPath = join(folder, "clicks.ndjson");
const asksPath = join(folder, "asks.ndjson");
if (!existsSync(join(root, clicksPath)) || !existsSync(join(root, asksPath))) writeLog("campaign", join(root, folder));

const program = "fixtures/ad-network/campaign.dlc";
console.log(`$ dlc run ${program} --input AdServer[*].click=${clicksPath} --input Analyst.ask=${asksPath}\n`);
const results = [];
const code = await runDlc(
  ["run", program, "--input", `AdServer[*].click=${clicksPath}`, "--input", `Analyst.ask=${asksPath}`],
  (line) => line.collection === "result" && results.push(line.row),
);
if (code !== 0) fail(`dlc run ended with ${code}`);

const clicks = readFileSync(join(root, clicksPath), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));
const users = new Map();
for (const { campaign, id, user } of clicks) {
  const key = JSON.stringify([campaign, id]);
  if (!users.has(key)) users.set(key, new Set());
  users.get(key).add(user);
}
const wanted = [...users].map(([key, set]) => [...JSON.parse(key), set.size]).filter(([, , n]) => n < 100);
const text = (rows) =>
  rows
    .map((row) => JSON.stringify(row))
    .sort()
    .join("\n");
const same = text(results.map(({ campaign, id, n }) => [campaign, id, n])) === text(wanted);

const byCampaign = Map.groupBy ? Map.groupBy(results, ({ campaign }) => campaign) : group(results);
console.log(
  `\nAds with fewer than 100 clicks (${clicks.length.toLocaleString("en")} clicks, 5 ad servers, 3 replicas of Report):\n`,
);
console.log("  campaign      ads   poor   fewest clicks");
for (const campaign of [...byCampaign.keys()].sort()) {
  const poor = byCampaign.get(campaign).sort((a, b) => a.n - b.n);
  const ads = [...users.keys()].filter((key) => JSON.parse(key)[0] === campaign).length;
  console.log(
    `  ${campaign.padEnd(12)} ${String(ads).padStart(4)} ${String(poor.length).padStart(6)}   ${poor
      .slice(0, 3)
      .map(({ id, n }) => `${id} (${n})`)
      .join(", ")}`,
  );
}
console.log(
  `\n${results.length} answers, ${same ? "all equal to" : "NOT the same as"} a count of the whole log in one place.`,
);
if (!same) process.exitCode = 1;

function group(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.campaign, [...(groups.get(row.campaign) ?? []), row]);
  return groups;
}
