/** What `dlc build --target` writes, against the schemas of those who read it. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Ajv } from "ajv";
import addFormats from "ajv-formats";
import { StatefulSet } from "kubernetes-models/apps/v1";
import { ConfigMap, Service } from "kubernetes-models/v1";
import { parse, parseAllDocuments } from "yaml";
import { describe, expect, test } from "vitest";
import { targets } from "../src/cli/targets/index.ts";
import { dnsName, serviceNames } from "../src/cli/targets/target.ts";
import type { Deployable, TargetFiles } from "../src/cli/targets/target.ts";
import { natsOf, parseDeployment, placesOf } from "../src/runtime/deployment.ts";

/** Of the Compose specification, as the linter for it has it. */
const schema = join(
  dirname(createRequire(import.meta.url).resolve("dclint/package.json")),
  "schemas",
  "compose.schema.json",
);

const program: Deployable = {
  name: "shop",
  roles: [
    { role: "Front", count: 2, hasInputs: true },
    { role: "Shop.Cart", count: 3, hasInputs: false },
    { role: "Shop_Cart", count: 1, hasInputs: false },
    { role: "Log", count: 1, hasInputs: false },
  ],
  log: true,
  transport: "tcp",
  epochMs: 100,
  keepsData: false,
};
const kinds: readonly (readonly [string, Deployable])[] = [
  ["a program with a log", program],
  ["one on a NATS cluster of its own", { ...program, transport: "nats" }],
  ["one with durable channels there", { ...program, transport: "nats?channels=durable&backlog=1GB" }],
  ["one on a NATS cluster elsewhere", { ...program, transport: "tls://nats.example.org?creds=app.creds" }],
  ["one that keeps data", { ...program, keepsData: true }],
  ["one without", { ...program, roles: program.roles.slice(0, 2), log: false, epochMs: null }],
];

const textOf = ({ files }: TargetFiles, path: string): string => files.find((file) => file.path === path)!.text;

/** Those that the deployment names: of its own cluster, or elsewhere. */
function serversOf({ transport }: Deployable, ...own: readonly string[]): readonly string[] {
  if (transport === "tcp") return [];
  return transport.startsWith("nats") ? own : ["nats.example.org:4222"];
}

/** The deployment of a target is one that the program's processes accept. */
function checkDeploy({ deploy }: TargetFiles, { roles, log, epochMs, transport }: Deployable): void {
  const needs = { roles, log, epochMs };
  expect(parseDeployment(JSON.stringify(deploy), "deploy.json", needs)).toEqual(deploy);
  expect(natsOf(deploy)?.backlog ?? null).toBe(transport.includes("durable") ? 2 ** 30 : null);
}

describe.each(kinds)("for %s", (_, of) => {
  test("a compose.yaml fits the schema of Compose, and has each process once", () => {
    const made = targets.compose(of);
    checkDeploy(made, of);
    const ajv = addFormats.default(new Ajv({ strict: false }));
    const check = ajv.compile({ ...(JSON.parse(readFileSync(schema, "utf8")) as object), $schema: undefined });
    const compose = parse(textOf(made, "compose.yaml")) as {
      services: Record<string, { command: string[]; build?: string; stdin_open?: boolean }>;
    };
    // One image, made once: of two with one name, processes would run either.
    const built = Object.values(compose.services).filter(({ build }) => build !== undefined);
    expect(built).toHaveLength(1);
    check(compose);
    expect(check.errors).toBeNull();
    expect(check({ services: { "a b": { image: 1 } } })).toBe(false);

    const places = [...placesOf(made.deploy)];
    const servers = of.transport.startsWith("nats") ? ["nats-0", "nats-1", "nats-2"] : [];
    expect(Object.keys(compose.services).sort()).toEqual([...servers, ...places.map(([, { host }]) => host)].sort());
    expect(natsOf(made.deploy)?.servers ?? []).toEqual(serversOf(of, "nats-0:4222", "nats-1:4222", "nats-2:4222"));
    for (const [name, { host }] of places) {
      const { command, stdin_open: isFed } = compose.services[host];
      expect(command.slice(0, name === "log" ? 1 : 3)).toEqual(
        name === "log" ? ["log"] : [name.split("#")[0], "--index", name.split("#")[1]],
      );
      expect(command.includes("--no-stdin")).toBe(!isFed);
      expect(isFed === true).toBe(name.startsWith("Front#"));
    }
  });

  test("a kubernetes.yaml fits the schemas of Kubernetes, and its pods are where deploy.json says", () => {
    const made = targets.k8s(of);
    checkDeploy(made, of);
    const documents = parseAllDocuments(textOf(made, "kubernetes.yaml")).map(
      (document) => document.toJS() as Record<string, unknown>,
    );
    const pods: string[] = [];
    for (const document of documents) {
      const model = { ConfigMap, Service, StatefulSet }[document["kind"] as string]!;
      new model(document as never).validate();
      if (document["kind"] !== "StatefulSet") continue;
      const { metadata, spec } = document as unknown as {
        metadata: { name: string };
        spec: {
          serviceName: string;
          replicas: number;
          template: {
            spec: { containers: [Record<"livenessProbe" | "readinessProbe", { httpGet: { path: string } }>] };
          };
        };
      };
      // A NATS server that has lost the others lives, and is not ready.
      const [{ livenessProbe, readinessProbe }] = spec.template.spec.containers;
      expect(livenessProbe.httpGet.path).not.toBe(readinessProbe.httpGet.path);
      expect(livenessProbe.httpGet.path).not.toContain("js-server-only");
      for (let index = 0; index < spec.replicas; index++) pods.push(`${metadata.name}-${index}.${spec.serviceName}`);
    }
    expect(() => new StatefulSet({ ...documents.at(-1), spec: { replicas: "3" } } as never).validate()).toThrow();
    const servers = of.transport.startsWith("nats") ? ["nats-0.nats", "nats-1.nats", "nats-2.nats"] : [];
    expect(pods.sort()).toEqual([...servers, ...[...placesOf(made.deploy).values()].map(({ host }) => host)].sort());
    const named = serversOf(of, "nats-0.nats:4222", "nats-1.nats:4222", "nats-2.nats:4222");
    expect(natsOf(made.deploy)?.servers ?? []).toEqual(named);

    // A service finds the pods of its set, and no others.
    const bySelector = documents
      .filter(({ kind }) => kind === "Service")
      .map(({ spec }) => JSON.stringify((spec as { selector: object }).selector));
    expect(new Set(bySelector).size).toBe(bySelector.length);
    const config = documents[0] as { data: Record<string, string> };
    expect(JSON.parse(config.data["deploy.json"])).toEqual(made.deploy);
  });

  test("the same program gives the same bytes", () => {
    for (const make of Object.values(targets)) expect(make(of)).toEqual(make(of));
  });
});

test("names of services are such as DNS takes, and each its own", () => {
  expect(["AdServer", "a.B_c", "9lives", "__", "x".repeat(80)].map(dnsName)).toEqual([
    "adserver",
    "a-b-c",
    "dlc-9lives",
    "dlc",
    "x".repeat(50),
  ]);
  const names = [...serviceNames(program.roles).values()];
  expect(names).toEqual(["front", "shop-cart", "shop-cart-2", "log-2"]);
});
