/** The rewrites that would remove a finding, where one applies (analysis.md section 2, end). */
import type { Finding } from "../analysis.ts";
import type { Rule } from "../ir.ts";
import type { Context } from "./points.ts";
import { collection, isUpdate } from "./points.ts";
import { importedAggregates, opaqueAggregates } from "./imported.ts";

export function suggest(context: Context, rule: Rule, finding: Omit<Finding, "rewrites">): string[] {
  const out: string[] = [];
  const literals = finding.sensitive.map((index) => rule.body[index]).filter((literal) => literal.kind === "read");
  const sealable = [...new Set(finding.sources.map(({ source }) => source))].filter((id) => {
    const { kind, sealed } = collection(context, id);
    return sealed === null && (kind === "input" || kind === "channel");
  });
  const seal = (): void => {
    if (sealable.length === 0 || finding.gate === null) return;
    // Of members nobody says that no more come.
    if (finding.sources.some(({ source }) => collection(context, source).kind === "nodes")) return;
    if (finding.gate.length === 0) {
      out.push(
        `Seal ${list(sealable)}: if ${sealable.length > 1 ? "their" : "its"} producers know when nothing more comes, declare \`sealed\`; an answer then waits for the end of the stream.`,
      );
      return;
    }
    if (finding.columns.length === 0) return;
    out.push(
      `Seal ${list(sealable)}: if ${sealable.length > 1 ? "their" : "its"} producers know when a value of (${finding.columns.join(", ")}) is complete, declare \`sealed by (…)\` on columns that those determine.`,
    );
  };
  const collect = (): void => {
    if (literals.some((literal) => context.persistence.get(literal.collection) === "passing")) {
      out.push("Collect the events in a table first: an aggregate over events counts whatever fell into one step.");
    }
  };
  const bounds = (): void => {
    if (rule.head.terms.some((term) => term.kind === "aggregate")) return;
    for (const { name, claims } of importedAggregates(rule, context.graph.ir)) {
      if (claims.includes("monotone") || claims.includes("morphism")) continue;
      out.push(
        `If \`${name}\` never falls when rows come, claim \`monotone\`: a bound that it reaches (\`having ${name}(…) >= k\`, with no aggregate in the head) then stays reached.`,
      );
    }
  };
  switch (finding.reason) {
    case "aggregate":
      if (rule.head.terms.some((term) => term.kind === "aggregate" && term.call.name === "count")) {
        out.push(
          "If only reaching a bound matters, test it instead of reading it: `having count() >= k`, with the count left out of the head, is monotone.",
        );
      }
      bounds();
      collect();
      seal();
      break;
    case "opaque": {
      const aggregates = opaqueAggregates(rule, context.graph.ir);
      if (rule.path !== undefined) {
        out.push(
          `If ${rule.role} gives the same answers in whatever order facts come (a threshold, a set that only grows), declare the path \`${rule.path.word.replace("O", "C")}\`.`,
        );
        if (rule.path.gate === null)
          out.push(`If it works by itself on each value of some columns, name them: \`${rule.path.word}(…)\`.`);
      } else if (aggregates.length === 0)
        out.push("Claim `monotone` or `morphism` of the function where it is: `dlc check` tries the claim.");
      bounds();
      if (aggregates.length > 0) collect();
      seal();
      for (const name of aggregates) {
        out.push(
          `If the order of its rows does not matter to \`${name}\`, claim \`commutative\`: each group can then have a log of its own.`,
        );
      }
      break;
    }
    case "rendezvous": {
      const passing = literals
        .map((literal) => literal.collection)
        .filter((id) => context.persistence.get(id) === "passing" && collection(context, id).kind !== "timer");
      if (passing.length > 0)
        out.push(
          `Persist the event: keep ${list(passing)} in a table and join that, so that it is met however late the other side comes.`,
        );
      seal();
      break;
    }
    case "negation":
      seal();
      break;
    case "deletion":
    case "upsert":
      out.push(
        "Keep what happened as facts that only grow (an event with an id or version, a lattice such as the latest by a stamp from the data) instead of overwriting.",
      );
      seal();
      break;
    case "key-conflict":
      out.push(
        `If a key never gets two values, promise it where the facts enter: \`unique\` after the columns of ${list(finding.sources.length > 0 ? finding.sources.map(({ source }) => source) : [finding.head])}.`,
      );
      seal();
      break;
    case "choice":
      out.push("Let the timer meet only tables that grow, so that it does not show when it fired.");
      break;
    case "local":
      out.push(
        `Send the fact to the whole role instead of keeping it at one instance: \`${rule.role}.${nameOf(context, rule)}(…) <~ …;\`.`,
      );
      break;
    case "promise":
      out.push("Seal from the host, or from inputs of the same instance, or from a rule that waits for what it seals.");
      break;
    case "reveal":
      out.push(
        isUpdate(rule, finding.reason)
          ? "Bring what the update takes from the copy at hand along as data: `stamped(n, x)` with a stamp of the event, `versioned(clock, x)`, or events that only grow."
          : "Test the value as it grows (`size(s) >= k`, `v >= k` on an `lmax`, `contains`), or merge it into a lattice column, instead of reading it plainly.",
      );
      seal();
      break;
  }
  return out;
}

function nameOf(context: Context, rule: Rule): string {
  return collection(context, rule.head.collection).name;
}

function list(ids: readonly string[]): string {
  return [...new Set(ids)].map((id) => `\`${id}\``).join(", ");
}
