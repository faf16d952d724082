/** What `dlc build --target` makes beside the program: files that put its processes onto machines. Pure. */
import type { DeployFile } from "../../runtime/deployment.ts";
import type { EmittedFile } from "../../compiler/emitted.ts";

/** A program as those see it who deploy it. */
export interface Deployable {
  /** `ads`: of the file, in letters that names may have everywhere. */
  readonly name: string;
  readonly roles: readonly DeployedRole[];
  /** Whether there is a sequencer. */
  readonly log: boolean;
  /** How long the epochs of its logs are; null where they have none. */
  readonly epochMs: number | null;
  /** Whether processes keep data. */
  readonly keepsData: boolean;
}

export interface DeployedRole {
  readonly role: string;
  readonly count: number;
  /** Whether rows can come on its stdin. */
  readonly hasInputs: boolean;
}

/** The files, and the deployment as these need it. */
export interface TargetFiles {
  readonly files: readonly EmittedFile[];
  readonly deploy: DeployFile;
}

/** The same in each container: nothing else listens there. */
export const PEER_PORT = 7201;
export const METRICS_PORT = 9464;
/** Where a container keeps its data. */
export const DATA_FOLDER = "/data";
/** How long a process may take to end: it sends what waits, and closes its files. Seconds. */
export const GRACE_SECONDS = 15;
/** Of the user `node` of the image. */
export const USER_ID = 1000;

/** A name of a service, as DNS and both targets allow it: `AdServer` is `adserver`. */
export function dnsName(text: string): string {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 50)
    .replace(/-+$/, "");
  if (name === "") return "dlc";
  return /^[a-z]/.test(name) ? name : `dlc-${name}`;
}

/** Names of services for roles, each its own. */
export function serviceNames(roles: readonly { readonly role: string }[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set(["log"]);
  for (const { role } of roles) {
    const wanted = dnsName(role);
    let name = wanted;
    for (let n = 2; taken.has(name); n++) name = `${wanted}-${n}`;
    taken.add(name);
    names.set(role, name);
  }
  return names;
}

/** The image of all processes. */
export function dockerfile(): EmittedFile {
  const text = `# Written by dlc build. One image for all processes: the role is the first argument.
FROM node:22-slim
WORKDIR /app
COPY . .
RUN mkdir ${DATA_FOLDER} && chown node:node ${DATA_FOLDER}
USER node
EXPOSE ${PEER_PORT} ${METRICS_PORT}
ENTRYPOINT ["node", "--enable-source-maps", "main.js"]
`;
  return { path: "Dockerfile", text };
}

/** What the image leaves out. */
export function dockerignore(): EmittedFile {
  return { path: ".dockerignore", text: "Dockerfile\n.dockerignore\ncompose.yaml\nkubernetes.yaml\ndata\n" };
}
