/** Roles whose members may change while the program runs, and what stands against it. */
import type { Diagnostic } from "../diagnostics/diagnostic.ts";
import type { Ir, Role, Rule } from "../ir.ts";
import type { Plan } from "../plan.ts";

/** The program with these roles as dynamic; what is no role of it is left to `whyNotDynamic`. */
export function withDynamic(ir: Ir, names: readonly string[]): Ir {
  if (names.length === 0) return ir;
  const roles = new Map(
    [...ir.roles].map(([name, role]) => [name, names.includes(name) ? { ...role, dynamic: true as const } : role]),
  );
  return { ...ir, roles };
}

interface Reason {
  readonly why: string;
  readonly mend: string;
  /** The rule that stands against it; else the role is shown. */
  readonly rule?: Rule;
}

/** DLC410 for each thing that stands against a role's being dynamic. */
export function whyNotDynamic(plan: Plan, names: readonly string[]): Diagnostic[] {
  const { roles } = plan.coordinated;
  return names.flatMap((name) => {
    const role = roles.get(name);
    if (role === undefined) {
      const [{ file }] = roles.values();
      const known = [...roles.keys()].join(", ");
      return [
        finding(`there is no role ${name} whose members could change`, `The roles are ${known}.`, file, {
          start: 0,
          end: 0,
        }),
      ];
    }
    return reasons(plan, role).map(({ why, mend, rule }) =>
      finding(
        `the members of ${name} cannot change while it runs: ${why}`,
        mend,
        (rule ?? role).file,
        rule?.span ?? role.nameSpan,
      ),
    );
  });
}

function finding(message: string, mend: string, file: Diagnostic["file"], span: Diagnostic["span"]): Diagnostic {
  return { code: "DLC410", severity: "error", message, file, span, mend };
}

function reasons(plan: Plan, role: Role): Reason[] {
  const { name, partitionedBy, replicated } = role;
  if (partitionedBy !== null)
    return [
      {
        why: "it is partitioned, and which instance owns a value is a function of their number",
        mend: "Change its number between two runs: `--scale`, or deploy.json.",
      },
    ];
  return replicated ? ofReplicas(plan, name) : ofOthers(plan, name);
}

/** A newcomer takes over what another replica has. */
function ofReplicas({ coordinated: ir, sealed }: Plan, name: string): Reason[] {
  const found: Reason[] = [];
  if (ir.externals.get(name)?.kind === "component")
    found.push({ why: "it is a component, and what that keeps only it knows", mend: "Keep its state in tables." });
  for (const rule of ir.rules.values()) {
    if (rule.role === name && usesSelf(rule))
      found.push({
        rule,
        why: `${rule.label} uses \`self\`: what it stands for in the state of one replica is wrong in another`,
        mend: "Let the fact bring its address: the one that asks sends its own.",
      });
  }
  for (const { collection, producers } of sealed) {
    const { role, kind } = ir.collections.get(collection)!;
    if (producers.includes(name))
      found.push({
        why: `its replicas seal ${collection}, and a newcomer cannot seal what its sponsor has sealed before`,
        mend: "Let the plan do without that seal: `order` in its place, or a source that seals.",
      });
    if (role === name && kind === "input")
      found.push({
        why: `${collection} is sealed by the host of each instance, and a newcomer has another host`,
        mend: "Take the input in another role, which sends it to this one.",
      });
  }
  return found;
}

/** A newcomer begins with nothing, so that nothing may have been for it before. */
function ofOthers({ coordinated: ir, sealed }: Plan, name: string): Reason[] {
  const found: Reason[] = [];
  for (const rule of ir.rules.values()) {
    const { collection, to } = rule.head;
    if (rule.op !== "<~" || ir.collections.get(collection)?.role !== name) continue;
    if (to?.kind === "role")
      found.push({
        rule,
        why: `${rule.label} sends to it without an address, so that it has one instance`,
        mend: `Say to whom: \`@a(…)\`, with the address that a request brought.`,
      });
    if (to?.kind === "all")
      found.push({
        rule,
        why: `${rule.label} sends to all of its instances, and what a newcomer gets depends on when it came`,
        mend: "Declare the role `replicated`, so that a newcomer gets the state of another, or send to addresses.",
      });
  }
  for (const { collection } of sealed) {
    const { role, kind } = ir.collections.get(collection)!;
    if (role === name && kind === "channel")
      found.push({
        why: `${collection} is sealed, and a newcomer would wait for the seals that came before it`,
        mend: "Count and conclude in another role, which has its members.",
      });
  }
  return found;
}

function usesSelf(rule: Rule): boolean {
  const text = JSON.stringify([rule.head, rule.body, rule.having], (key, value: unknown) =>
    key === "span" || key === "type" ? undefined : value,
  );
  // A register with several values notes who has written each.
  return (
    text.includes('"kind":"self"') || /"kind":"lattice","op":"set","on":\{"kind":"lattice","name":"mvreg"/.test(text)
  );
}
