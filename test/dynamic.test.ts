/** Which roles may have members that change, and what is said of the others. */
import { describe, expect, test } from "vitest";
import { compile } from "../src/compiler/compile.ts";
import { certificate } from "../src/compiler/4-place/certificate.ts";
import { emit } from "../src/compiler/5-emit/emit.ts";
import { DeploymentError, defaultDeployment, needsOf, parseDeployment } from "../src/runtime/deployment.ts";
import { placingOf } from "../src/runtime/placing.ts";
import { loadRole } from "../src/verify/load.ts";

const program = `
role Store replicated {
  input put(k: string, v: int);
  channel add(k: string, v: int);
  table t(k: string, v: int);
  output o(k: string, v: int) agreed;
  t(k, v) <= add(k, v);
  o(k, v) <= t(k, v);
  Store.add(k, v) <~ put(k, v);
}
role Shard partitioned by (k) {
  channel add(k: string, v: int);
  table t(k: string, v: int);
  t(k, v) <= add(k, v);
}
role Client {
  input put(k: string, v: int);
  Store.add(k, v) <~ put(k, v);
  Shard.add(k, v) <~ put(k, v);
}
`;

/** Where each instance seals what its host gives it. */
const sealing = program
  .replaceAll("input put(k: string, v: int);", "input put(k: string, v: int) sealed by (k);")
  .replace("  o(k, v) <=", "  output n(k: string, c: int);\n  n(k, count()) <= t(k, _);\n  o(k, v) <=");

/** Each client hears how many there are of what it has named, when that is sealed. */
const answered = `
role Store { channel add(k: string, v: int, a: addr); table t(k: string, v: int, a: addr); Client.got@a(k, v) <~ t(k, v, a); t(k, v, a) <= add(k, v, a); }
role Client x2 {
  input put(k: string, v: int) sealed by (k);
  channel got(k: string, v: int);
  table seen(k: string, v: int);
  output n(k: string, c: int);
  Store.add(k, v, self) <~ put(k, v);
  seen(k, v) <= got(k, v);
  n(k, count()) <= seen(k, _);
}
`;

function found(text: string, dynamic: readonly string[]): string[] {
  const { diagnostics } = compile({ path: "test.dlc", text }, { dynamic });
  return diagnostics
    .filter(({ code, severity }) => severity === "error" || code === "DLC410")
    .map(({ code, message, span }) => `${code} ${message} @ ${text.slice(span.start, span.end)}`);
}

test("a replicated role is built so; its deployment says it, has the registry, and the certificate names it", () => {
  expect(found(program, ["Store"])).toEqual([]);
  const { plan } = compile({ path: "test.dlc", text: program }, { dynamic: ["Store"] });
  expect(certificate(plan!)).toMatchObject({ dynamic: ["Store"] });
  const programs = ["Store", "Shard", "Client"].map((role) => loadRole(emit(plan!).value!, role));
  const metas = programs.map(({ meta }) => meta);
  const needs = needsOf(metas);
  const deploy = defaultDeployment(needs);
  expect(["log" in deploy, deploy.roles["Store"].dynamic, "dynamic" in deploy.roles["Client"]]).toEqual([
    true,
    true,
    false,
  ]);
  const read = (change: object): string => {
    try {
      parseDeployment(JSON.stringify({ ...deploy, ...change }), "d.json", needs);
      return "";
    } catch (error) {
      return (error as DeploymentError).message;
    }
  };
  expect(read({})).toBe("");
  // There the registry is no process, and who follows it has to know all roles.
  const onNats = { ...deploy, transport: "nats://127.0.0.1:4222", log: undefined };
  expect(read(onNats)).toBe("");
  expect(() => placingOf(programs[0], { deploy: onNats })).toThrow('"programs" lacks');
  expect(placingOf(programs[0], { deploy: onNats, programs }).metas).toHaveLength(programs.length);
  expect(read({ data: "data" })).toBe("");
  expect(read({ log: undefined })).toContain('"log", the process that lets newcomers in, is missing');
  const fixed = Object.fromEntries(Object.entries(deploy.roles).map(([role, { instances }]) => [role, { instances }]));
  expect(read({ log: undefined, roles: fixed })).toBe("");
  expect(read({ roles: { ...deploy.roles, Client: { ...deploy.roles["Client"], dynamic: true } } })).toContain(
    "dlc build --dynamic Client",
  );
  expect(read({ roles: { ...deploy.roles, Store: { ...deploy.roles["Store"], dynamic: "yes" } } })).toContain(
    "can only be true",
  );
});

test("a role without replicas may be so, if nothing was for a newcomer before it came", () => {
  expect(found(program, ["Client"])).toEqual([]);
});

test("without the option nothing is another", () => {
  const plain = compile({ path: "test.dlc", text: program });
  expect(certificate(plain.plan!)).not.toHaveProperty("dynamic");
  expect(emit(plain.plan!).value!.some(({ text }) => text.includes("dynamic"))).toBe(false);
});

test.each([
  ["no role of the program", program, "Stor", /there is no role Stor /],
  ["a partitioned role", program, "Shard", /it is partitioned.* @ Shard$/],
  [
    "one that has one instance",
    program
      .replace("role Client {", "role Client {\n  channel got(k: string);")
      .replace("o(k, v) <=", "Client.got(k) <~ add(k, _);\n  o(k, v) <="),
    "Client",
    /Client.got#1 sends to it without an address.* @ Client.got\(k\)/,
  ],
  [
    "one to all of whose instances something is sent",
    program
      .replace("role Client {", "role Client {\n  channel got(k: string);")
      .replace("o(k, v) <=", "Client.got@*(k) <~ add(k, _);\n  o(k, v) <="),
    "Client",
    /Client.got#1 sends to all of its instances/,
  ],
  ["one that hears of seals", answered, "Client", /Client.got is sealed, and a newcomer would wait/],
  [
    "one that names itself",
    program
      .replace("o(k, v) <=", "Client.who(self) <~ add(_, _);\n  o(k, v) <=")
      .replace("role Client {", "role Client {\n  channel who(a: addr);"),
    "Store",
    /Client.who#1 uses `self`.* @ Client.who\(self\)/,
  ],
  ["one with a sealed input", sealing, "Store", /Store.put is sealed by the host/],
  ["one that seals", sealing, "Store", /its replicas seal Store.add/],
])("%s is refused, with what stands against it", (_, text, role, message) => {
  expect(found(text, [role]).join("\n")).toMatch(new RegExp(`DLC410 .*${message.source}`, "m"));
});

/** Each instance learns at a time of its own who takes part (semantics.md A14). */
describe("the list of members that change", () => {
  const reading = `
role Store replicated {
  channel add(k: string, v: int);
  table t(k: string, v: int);
  output near(n: int);
  output with(k: string, a: addr) agreed;
  t(k, v) <= add(k, v);
  near(count()) <= Store.nodes(_);
  with(k, a) <= t(k, _), Store.nodes(a);
}
role Client {
  input put(k: string, v: int) sealed by (k);
  table put_so_far(k: string, v: int);
  output all(a: addr);
  output many(n: int);
  output alone(k: string);
  output at(k: string, a: addr) agreed;
  output each(k: string, n: int);
  output counted(k: string, n: int);
  Store.add(k, v) <~ put(k, v);
  put_so_far(k, v) <= put(k, v);
  all(a) <= Store.nodes(a);
  many(count()) <= Store.nodes(_);
  alone(k) <= put(k, _), not Store.nodes("Store#1");
  at(k, a) <= put(k, _), Store.nodes(a);
  each(k, count()) <= put_so_far(k, _), Store.nodes(_);
  counted(k, count()) <= put_so_far(k, _);
}
`;

  function labels(dynamic: readonly string[]): Record<string, string> {
    const { plan } = compile({ path: "test.dlc", text: reading }, { dynamic });
    return Object.fromEntries(
      [...plan!.residual.inference.labels]
        .filter(([id]) => plan!.coordinated.collections.get(id)!.kind === "output")
        .map(([id, { name }]) => [id, name]),
    );
  }

  test("makes what is read of it the order of this run, and other at each replica", () => {
    expect(labels([])).toEqual({
      "Store.near": "Async",
      "Store.with": "Seal",
      "Client.all": "Async",
      "Client.many": "Async",
      "Client.alone": "Seal",
      "Client.at": "Seal",
      "Client.each": "Async",
      "Client.counted": "Async",
    });
    expect(labels(["Store"])).toEqual({
      "Store.near": "Inst",
      "Store.with": "Inst",
      "Client.all": "Run",
      "Client.many": "Run",
      "Client.alone": "Run",
      "Client.at": "Run",
      // No seal says that no more members come.
      "Client.each": "Run",
      "Client.counted": "Async",
    });
  });

  test("has no place in a log, and dlc says so", () => {
    const { diagnostics, plan } = compile({ path: "test.dlc", text: reading }, { dynamic: ["Store"] });
    expect(plan!.insertions.map(({ mechanism, protects }) => `${mechanism} for ${protects.join()}`)).toEqual([
      "seal for Client/counted#1",
    ]);
    expect(diagnostics.find(({ message }) => message.startsWith("many#1"))!.cause!.label).toBe(
      "what it reads here comes from Store.nodes, which changes with the members",
    );
    const forced = compile(
      { path: "test.dlc", text: reading },
      { dynamic: ["Store"], strategy: "order" },
    ).diagnostics.filter(({ code }) => code === "DLC403");
    expect(forced.map(({ message }) => message)).toContain(
      "--strategy order cannot settle alone#1: Store.nodes changes with the members, and no log has a place for that",
    );
  });

  test("is no promise that a message comes to all of them", () => {
    const text = reading
      .replace("Store.add(k, v) <~ put(k, v);", "Store.add@a(k, v) <~ put(k, v), Store.nodes(a);")
      .replace(
        "  output near(n: int);",
        "  output near(n: int);\n  output got(k: string, v: int);\n  got(k, v) <= t(k, v);",
      );
    const label = (dynamic: readonly string[]): string =>
      compile({ path: "test.dlc", text }, { dynamic }).plan!.residual.inference.labels.get("Store.got")!.name;
    expect([label([]), label(["Store"])]).toEqual(["Seal", "Diverge"]);
  });
});
