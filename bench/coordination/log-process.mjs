/** The sequencer alone in a process, for sequencer.ts: `{ metas, deploy }` comes as the first message. */
import { LogNode } from "../../dist/runtime/log-node.js";

process.once("message", async ({ metas, deploy }) => {
  const node = new LogNode(metas, { deploy, program: "bench", version: "1" });
  const port = await node.listen();
  process.on("message", ({ deploy: opened }) => {
    if (opened) node.start(opened);
    else process.send({ cpu: process.cpuUsage(), steps: node.counts.steps });
  });
  process.send({ port });
});
process.on("disconnect", () => process.exit());
