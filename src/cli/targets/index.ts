/** The targets of `dlc build --target`, by name. */
import { composeFiles } from "./compose.ts";
import { kubernetesFiles } from "./kubernetes.ts";

export const targets = { compose: composeFiles, k8s: kubernetesFiles } as const;
export type TargetName = keyof typeof targets;
