/** `--target k8s`: every role a StatefulSet of Kubernetes, whose pods have names that stay. */
import { stringify } from "yaml";
import type { DeployFile } from "../../runtime/deployment.ts";
import {
  DATA_FOLDER,
  dockerfile,
  dockerignore,
  GRACE_SECONDS,
  METRICS_PORT,
  PEER_PORT,
  serviceNames,
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
  const deploy: DeployFile = {
    program: program.name,
    cluster: program.name,
    transport: "tcp",
    roles,
    ...(program.log && { log: place("log", 0) }),
    ...(program.epochMs !== null && { epochMs: program.epochMs }),
    ...(program.keepsData && { data: DATA_FOLDER }),
  };
  const sets = program.roles.flatMap(({ role, count, hasInputs }) =>
    set(program, names.get(role)!, role, count, hasInputs),
  );
  const log = program.log ? set(program, "log", "log", 1, false) : [];
  const documents = [configMap(program, deploy), ...sets, ...log];
  const head = `# Written by dlc build. Push the image that the Dockerfile makes, name it here, and \`kubectl apply -f kubernetes.yaml\`.
# The numbers of replicas are those of deploy.json; change both. \`kubectl attach -i POD\` gives rows to the inputs of a process.
`;
  const text =
    head + documents.map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false })).join("---\n");
  return { files: [{ path: "kubernetes.yaml", text }, dockerfile(), dockerignore()], deploy };
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

/** A set of pods, and the service by which each has a name. */
function set(program: Deployable, name: string, role: string, replicas: number, hasInputs: boolean): readonly object[] {
  const own = labels(program, name);
  // The last part of a pod's name is its number.
  const start = [
    `exec node --enable-source-maps main.js ${role}`,
    ...(role === "log" ? [] : ["--index ${HOSTNAME##*-}"]),
    `--deploy ${CONFIG_FOLDER}/deploy.json --listen 0.0.0.0`,
    ...(hasInputs ? [] : ["--no-stdin"]),
  ].join(" ");
  const probe = (path: string): object => ({ httpGet: { path, port: "metrics" }, periodSeconds: 5, timeoutSeconds: 3 });
  const container = {
    name: "dlc",
    image: program.name,
    command: ["sh", "-c", start],
    ...(hasInputs && { stdin: true }),
    ports: [
      { name: "peers", containerPort: PEER_PORT },
      { name: "metrics", containerPort: METRICS_PORT },
    ],
    livenessProbe: { ...probe("/live"), failureThreshold: 6 },
    readinessProbe: probe("/ready"),
    resources: { requests: { cpu: "100m", memory: "128Mi" } },
    securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
    volumeMounts: [
      { name: "deploy", mountPath: CONFIG_FOLDER, readOnly: true },
      ...(program.keepsData ? [{ name: "data", mountPath: DATA_FOLDER }] : []),
    ],
  };
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
        ports: [
          { name: "peers", port: PEER_PORT },
          { name: "metrics", port: METRICS_PORT },
        ],
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
          metadata: {
            labels: own,
            annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": String(METRICS_PORT) },
          },
          spec: {
            terminationGracePeriodSeconds: GRACE_SECONDS,
            securityContext: { runAsNonRoot: true, runAsUser: USER_ID, fsGroup: USER_ID },
            containers: [container],
            volumes: [{ name: "deploy", configMap: { name: `${program.name}-deploy` } }],
          },
        },
        ...(program.keepsData && { volumeClaimTemplates: [claim] }),
      },
    },
  ];
}
