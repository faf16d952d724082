/**
 * One of the two processes of pair.ts: `[way, part, folder, deploy, batch]` are its arguments. It sends, or counts, so many rows when it
 * is told so, and tells its CPU time when it is asked.
 */
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { encodeFrame, FrameReader } from "../../dist/runtime/transports/frames.js";

const [way, part, folder, deployText, batch] = process.argv.slice(2);
const deploy = JSON.parse(deployText);
/** Rows that are offered in one turn of the event loop; a node takes all that waits in one step. */
const OFFERED = 500;
/** Rows in one frame on the bare socket. */
const BATCH = Number(batch);

/** About a hundred bytes as JSON; as they are when they have been read from somewhere. */
function rowsFrom(first, count) {
  const rows = Array.from({ length: count }, (_, i) => [
    first + i,
    `${"what one process has to say ".repeat(3)}${first + i}`,
    i % 1000,
  ]);
  return JSON.parse(JSON.stringify(rows));
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

let expected = Infinity;
let arrived = 0;
function arrive(count) {
  arrived += count;
  if (arrived === expected) process.send({ done: arrived });
}

async function emitted(role) {
  const module = await import(pathToFileURL(join(folder, `${role}.js`)).href);
  return module[`start${role}`]({ deploy });
}

/** Each gives how rows are sent; receivers send none. */
const parts = {
  "emitted receiver": async () => {
    const node = await emitted("Receiver");
    node.onRows(({ name }, rows) => {
      if (name === "arrived") for (const [count] of rows) arrive(count);
    });
  },
  "emitted sender": async () => {
    const node = await emitted("Sender");
    return async (rows) => {
      for (let at = 0; at < rows.length; at += OFFERED) {
        for (let i = at; i < at + OFFERED && i < rows.length; i++) node.offer("item", rows[i]);
        await (node.room() ?? turn());
      }
    };
  },
  "raw receiver": async () => {
    const { host, port } = deploy.roles.Receiver.instances[0];
    const server = createServer((socket) => {
      const reader = new FrameReader();
      socket.on("data", (chunk) =>
        reader.push(chunk, ([, rows]) => {
          let sum = 0;
          let last = -1;
          for (const [id, , n] of rows) {
            sum += n;
            if (id > last) last = id;
          }
          if (sum >= 0 && last >= 0) arrive(rows.length);
        }),
      );
    });
    server.listen({ host, port });
    await once(server, "listening");
  },
  "raw sender": async () => {
    const socket = connect(deploy.roles.Receiver.instances[0]);
    socket.setNoDelay(true);
    await once(socket, "connect");
    return async (rows) => {
      for (let at = 0; at < rows.length; at += BATCH) {
        if (!socket.write(encodeFrame(JSON.stringify(["rows", rows.slice(at, at + BATCH)]))))
          await once(socket, "drain");
        await turn();
      }
    };
  },
};

const send = await parts[`${way} ${part}`]();
let sent = 0;
let rows = [];
process.on("message", (message) => {
  if (message.expect !== undefined) expected = message.expect;
  if (message.make !== undefined && part === "sender") rows = rowsFrom(sent, message.make);
  if (message.send) {
    sent += rows.length;
    void send(rows);
  }
  process.send({ cpu: process.cpuUsage() });
});
process.on("disconnect", () => process.exit());
process.send({ ready: true });
