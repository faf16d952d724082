/** Deployments that commands are given. */
import { existsSync, readFileSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { besideFile, DeploymentError, parseDeployment } from "../runtime/deployment.ts";
import type { DeployFile } from "../runtime/deployment.ts";
import { whyNot } from "./files.ts";
import { WrongUse } from "./io.ts";
import type { Io } from "./io.ts";

/** A deployment, or the one of a folder that `dlc build` made. Files that it names lie beside it. */
export function readDeployment(path: string, io: Io): DeployFile {
  const given = resolve(io.cwd, path);
  const isFolder = existsSync(given) && statSync(given).isDirectory();
  const file = isFolder ? join(given, "deploy.json") : given;
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new WrongUse(`cannot read the deployment: ${isFolder ? join(path, "deploy.json") : path}: ${whyNot(error)}`);
  }
  try {
    const deploy = parseDeployment(text, isFolder ? join(path, "deploy.json") : path);
    return besideFile(deploy, (named) => resolve(dirname(file), named));
  } catch (error) {
    if (error instanceof DeploymentError) throw new WrongUse(error.message);
    throw error;
  }
}
