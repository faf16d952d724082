/**
 * A server that `kubectl apply` takes for one of Kubernetes. It knows the kinds that dlc writes, holds what comes against their types,
 * and keeps it; it starts nothing.
 */
import { createServer } from "node:http";
import type { Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { StatefulSet } from "kubernetes-models/apps/v1";
import { ConfigMap, Service } from "kubernetes-models/v1";

export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

interface Resource {
  readonly version: string;
  /** As it stands in addresses. */
  readonly name: string;
  readonly model: new (value: never) => { validate(): void };
}

const resources: readonly Resource[] = [
  { version: "v1", name: "configmaps", model: ConfigMap },
  { version: "v1", name: "services", model: Service },
  { version: "apps/v1", name: "statefulsets", model: StatefulSet },
];
const apps = { groupVersion: "apps/v1", version: "v1" };

/** What it can do, by address, as clients ask before all else. */
const discovered: Readonly<Record<string, object>> = {
  "/api": { kind: "APIVersions", versions: ["v1"] },
  "/apis": {
    kind: "APIGroupList",
    apiVersion: "v1",
    groups: [{ name: "apps", versions: [apps], preferredVersion: apps }],
  },
  "/api/v1": resourcesOf("v1"),
  "/apis/apps/v1": resourcesOf("apps/v1"),
};

function resourcesOf(groupVersion: string): object {
  const own = resources.filter(({ version }) => version === groupVersion);
  return {
    kind: "APIResourceList",
    groupVersion,
    resources: own.map(({ name, model }) => ({
      name,
      singularName: "",
      namespaced: true,
      kind: model.name,
      verbs: ["get", "create", "patch"],
    })),
  };
}

export class KubernetesApi {
  readonly #server: Server;
  /** By their addresses, in the order in which they came. */
  readonly #kept = new Map<string, KubernetesObject>();

  private constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => void (body += text));
      request.on("end", () =>
        this.#answer(request.method!, new URL(request.url!, "http://kubernetes").pathname, body, response),
      );
    });
  }

  static async start(): Promise<KubernetesApi> {
    const api = new KubernetesApi();
    await new Promise<void>((resolve) => api.#server.listen(0, "127.0.0.1", resolve));
    return api;
  }

  /** All that it was given. */
  get objects(): readonly KubernetesObject[] {
    return [...this.#kept.values()];
  }

  /** What `KUBECONFIG` names. JSON is YAML. */
  get config(): string {
    const server = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster: { server } }],
      users: [{ name: "test", user: {} }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    });
  }

  stop(): Promise<unknown> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string, path: string, body: string, response: ServerResponse): void {
    const [, version, name] = /^\/apis?\/(.*)\/namespaces\/default\/(\w+)(?:\/|$)/.exec(path) ?? [];
    const resource = resources.find((each) => each.version === version && each.name === name);
    if (discovered[path] !== undefined) return say(response, 200, discovered[path]);
    // A schema of nothing, in Protocol Buffers: clients leave all that it does not have to the server.
    if (path === "/openapi/v2") return void response.setHeader("Content-Type", "application/octet-stream").end();
    if (method === "POST" && resource !== undefined) {
      const object = JSON.parse(body) as KubernetesObject;
      const place = `${path}/${object.metadata.name}`;
      if (this.#kept.has(place)) return refuse(response, 409, "AlreadyExists", `${place} is there`);
      try {
        new resource.model(object as never).validate();
      } catch (error) {
        return refuse(response, 422, "Invalid", (error as Error).message);
      }
      this.#kept.set(place, object);
      return say(response, 201, object);
    }
    const kept = this.#kept.get(path);
    if (method === "GET" && kept !== undefined) return say(response, 200, kept);
    refuse(response, 404, "NotFound", `${path} is not there`);
  }
}

function say(response: ServerResponse, code: number, answer: object): void {
  response.writeHead(code, { "Content-Type": "application/json" }).end(JSON.stringify(answer));
}

function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  say(response, code, { kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });
}
