/** The commands of the pages that bring a deployment to a Kubernetes, run as they stand but for hosts that are not here. */
import { execFile, spawn, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect } from "vitest";
import { parseAllDocuments } from "yaml";
import { NODE_IMAGE } from "../../src/cli/targets/target.ts";
import { ads, makePlace } from "../place-of-tests.ts";
import type { Place } from "../place-of-tests.ts";
import { blocksOf } from "../support/pages.ts";
import { testCommands } from "../support/sessions.ts";
import { hasEngine, until } from "./containers.ts";
import { KubernetesApi } from "./kubernetes-api.ts";
import type { KubernetesObject } from "./kubernetes-api.ts";
import { freePorts } from "./nats-servers.ts";

const hasKubectl = spawnSync("kubectl", ["version", "--client"]).status === 0;
const hasRegistry = hasEngine && spawnSync("docker-registry", ["--version"]).status === 0;
if (!hasRegistry)
  console.warn(
    `a test of a pushed image is skipped: it needs a Docker engine on this machine, the image ${NODE_IMAGE}, and \`apt-get install docker-registry\``,
  );
if (!hasKubectl)
  console.warn("a test with kubectl is skipped: `apt-get install kubernetes-client` puts one where it is found");

let place: Place;
beforeEach(() => {
  place = makePlace();
});
afterEach(() => place.remove());

/** Runs a line to its end. The servers of the test are heard meanwhile. */
const bash = (line: string, env: Readonly<Record<string, string>> = {}) =>
  promisify(execFile)("bash", ["-c", line], { cwd: place.folder, env: { ...process.env, HOME: place.folder, ...env } });

testCommands(blocksOf("cluster"), {
  "docker build -t registry.example/ads out && docker push registry.example/ads": {
    needs: hasRegistry,
    async run(next) {
      place.write({ "ads.dlc": ads() });
      expect(await place.dlc("build", "ads.dlc", "-o", "out", "--target", "k8s")).toMatchObject({ code: 0 });
      const [port] = await freePorts(1);
      const host = `127.0.0.1:${port}`;
      const settings = { version: 0.1, storage: { filesystem: { rootdirectory: place.folder } }, http: { addr: host } };
      place.write({ "registry.json": JSON.stringify(settings) });
      const registry = spawn("docker-registry", ["serve", join(place.folder, "registry.json")], { stdio: "ignore" });
      const image = `${host}/ads`;
      try {
        await until(async () => (await fetch(`http://${host}/v2/`).catch(() => null))?.ok === true);
        await bash(next().replaceAll("registry.example", host));
        // From there it comes back as it was made, and runs.
        await bash(`docker image rm ${image} && docker pull ${image}`);
        const started = await bash(`docker run --rm ${image} --help`);
        expect(started.stdout).toContain("--index");
      } finally {
        await bash(`docker image rm ${image}`).catch(() => {});
        registry.kill("SIGKILL");
      }
    },
  },
  "kubectl apply -f out/kubernetes.yaml": {
    needs: hasKubectl,
    async run(next) {
      place.write({ "ads.dlc": ads() });
      expect(await place.dlc("build", "ads.dlc", "-o", "out", "--target", "k8s")).toMatchObject({ code: 0 });
      const file = join(place.folder, "out", "kubernetes.yaml");
      const text = readFileSync(file, "utf8");
      expect(text.match(/^ +image: ads$/gm)).toHaveLength(3);
      writeFileSync(file, text.replaceAll("image: ads\n", "image: registry.example/ads\n"));
      const api = await KubernetesApi.start();
      try {
        place.write({ kubeconfig: api.config });
        const apply = next();
        const config = { KUBECONFIG: join(place.folder, "kubeconfig") };
        expect((await bash(apply, config)).stdout.match(/created$/gm)).toHaveLength(7);

        const written = parseAllDocuments(readFileSync(file, "utf8")).map((each) => each.toJS() as KubernetesObject);
        expect(api.objects).toMatchObject(written);
        const images = [...JSON.stringify(api.objects).matchAll(/"image":"(.*?)"/g)].map(([, image]) => image);
        expect(images).toEqual(["registry.example/ads", "registry.example/ads", "registry.example/ads"]);
        // A second time nothing is to be done, and what no Kubernetes takes is refused here too.
        expect((await bash(apply, config)).stdout.match(/unchanged$/gm)).toHaveLength(7);
        writeFileSync(
          file,
          text.replace("name: analyst\n", "name: other\n").replaceAll(/replicas: \d/g, "replicas: many"),
        );
        await expect(bash(apply, config)).rejects.toThrow("replicas");
      } finally {
        await api.stop();
      }
    },
  },
});
