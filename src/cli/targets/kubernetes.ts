/** `--target k8s`: every role a StatefulSet of Kubernetes, whose pods have names that stay. */
import { stringify } from "yaml";
import type { DeployFile } from "../../runtime/deployment.ts";
import {
  DATA_FOLDER,
  dockerfile,
  dockerignore,
  GRACE_SECONDS,
  hasSequencer,
  METRICS_PORT,
  NATS_IMAGE,
  NATS_MONITOR_PORT,
  NATS_PORT,
  NATS_SERVERS,
  natsArguments,
  PEER_PORT,
  serviceNames,
  ownNats,
  transportOf,
  USER_ID,
} from "./target.ts";
import type { Deployable, TargetFiles } from "./target.ts";

/** Where the pods find deploy.json, which is a ConfigMap. */
const CONFIG_FOLDER = "/etc/dlc";
/** What a process that keeps data may use of a disk. */
const DISK = "1Gi";

export function kubernetesFiles(program: Deployable): TargetFiles {
  const names = serviceNames(program.roles);
  const place = (set: string, index: number): { host: string; port: number; metrics: number } => ({
    host: `${set}-${index}.${set}`,
    port: PEER_PORT,
    metrics: METRICS_PORT,
  });
  const roles = Object.fromEntries(
    program.roles.map(({ role, count }) => [
      role,
      { instances: Array.from({ length: count }, (_, index) => place(names.get(role)!, index)) },
    ]),
  );
  const count = ownNats(program.transport) !== null ? NATS_SERVERS : 0;
  const servers = Array.from({ length: count }, (_, i) => `nats-${i}.nats`);
  const deploy: DeployFile = {
    program: program.name,
    cluster: program.name,
    transport: transportOf(program, servers),
    roles,
    ...(hasSequencer(program) && { log: place("log", 0) }),
    ...(program.epochMs !== null && { epochMs: program.epochMs }),
    ...(program.keepsData && { data: DATA_FOLDER }),
  };
  const sets = program.roles.flatMap(({ role, count, hasInputs }) =>
    set(program, names.get(role)!, role, count, hasInputs),
  );
  const log = hasSequencer(program) ? set(program, "log", "log", 1, false) : [];
  const nats = servers.length > 0 ? natsSet(program, servers) : [];
  const documents = [configMap(program, deploy), ...sets, ...log, ...nats];
  const head = `# Written by dlc build. Push the image that the Dockerfile makes, name it here, and \`kubectl apply -f kubernetes.yaml\`.
# The numbers of replicas are those of deploy.json; change both. \`kubectl attach -i POD\` gives rows to the inputs of a process.
`;
  const text =
    head + documents.map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
  return { files: [{ path: "kubernetes.yaml", text }, dockerfile(program), dockerignore()], deploy };
}

function labels(program: Deployable, component?: string): Readonly<Record<string, string>> {
  return {
    "app.kubernetes.io/part-of": program.name,
    ...(component !== undefined && { "app.kubernetes.io/name": component }),
  };
}

function configMap(program: Deployable, deploy: DeployFile): object {
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `${program.name}-deploy`, labels: labels(program) },
    data: { "deploy.json": `${JSON.stringify(deploy, null, 2)}\n` },
  };
}

/** A set of pods of a role, and the service by which each has a name. */
function set(program: Deployable, name: string, role: string, replicas: number, hasInputs: boolean): readonly object[] {
  // The last part of a pod's name is its number.
  const start = [
    `exec node --enable-source-maps main.js ${role}`,
    ...(role === "log" ? [] : ["--index ${HOSTNAME##*-}"]),
    `--deploy ${CONFIG_FOLDER}/deploy.json --listen 0.0.0.0`,
    ...(hasInputs ? [] : ["--no-stdin"]),
  ].join(" ");
  const container = {
    name: "dlc",
    image: program.name,
    command: ["sh", "-c", start],
    ...(hasInputs && { stdin: true }),
    ports: [
      { name: "peers", containerPort: PEER_PORT },
      { name: "metrics", containerPort: METRICS_PORT },
    ],
    livenessProbe: { ...probe("/live", "metrics"), failureThreshold: 6 },
    readinessProbe: probe("/ready", "metrics"),
    resources: { requests: { cpu: "100m", memory: "128Mi" } },
    securityContext: confined,
    volumeMounts: [
      { name: "deploy", mountPath: CONFIG_FOLDER, readOnly: true },
      ...(program.keepsData ? [{ name: "data", mountPath: DATA_FOLDER }] : []),
    ],
  };
  return pods(program, name, replicas, container, {
    annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(METRICS_PORT) },
    volumes: [{ name: "deploy", configMap: { name: `${program.name}-deploy` } }],
    keepsData: program.keepsData,
  });
}

/** The program's own NATS cluster. */
function natsSet(program: Deployable, servers: readonly string[]): readonly object[] {
  // Without the others a server serves no logs, and still what is left: it is not to be started again for that.
  const alive = probe("/healthz?js-enabled-only=true", "monitor");
  const ready = probe("/healthz?js-server-only=true", "monitor");
  const container = {
    name: "nats",
    image: NATS_IMAGE,
    // The platform fills in the name.
    args: natsArguments(program, "$(POD_NAME)", servers),
    env: [{ name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }],
    ports: [
      { name: "client", containerPort: NATS_PORT },
      { name: "monitor", containerPort: NATS_MONITOR_PORT },
    ],
    livenessProbe: { ...alive, failureThreshold: 6 },
    readinessProbe: ready,
    resources: { requests: { cpu: "100m", memory: "128Mi" } },
    securityContext: confined,
    volumeMounts: [{ name: "data", mountPath: DATA_FOLDER }],
  };
  return pods(program, "nats", servers.length, container, { annotations: {}, volumes: [], keepsData: true });
}

const confined = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };

function probe(path: string, port: string): object {
  return { httpGet: { path, port }, periodSeconds: 5, timeoutSeconds: 3 };
}

interface PodParts {
  readonly annotations: Readonly<Record<string, string>>;
  readonly volumes: readonly object[];
  readonly keepsData: boolean;
}

/** The service and the set. */
function pods(
  program: Deployable,
  name: string,
  replicas: number,
  container: { readonly ports: readonly { readonly name: string; readonly containerPort: number }[] },
  { annotations, volumes, keepsData }: PodParts,
): readonly object[] {
  const own = labels(program, name);
  const claim = {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: DISK } } },
  };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, labels: own },
      spec: {
        clusterIP: "None",
        // Peers look for each other while they start.
        publishNotReadyAddresses: true,
        selector: own,
        ports: container.ports.map(({ name: port, containerPort }) => ({ name: port, port: containerPort })),
      },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata: { name, labels: own },
      spec: {
        serviceName: name,
        replicas,
        podManagementPolicy: "Parallel",
        selector: { matchLabels: own },
        template: {
          metadata: { labels: own, annotations },
          spec: {
            terminationGracePeriodSeconds: GRACE_SECONDS,
            securityContext: { runAsNonRoot: true, runAsUser: USER_ID, fsGroup: USER_ID },
            containers: [container],
            volumes,
          },
        },
        ...(keepsData && { volumeClaimTemplates: [claim] }),
      },
    },
  ];
}
