/** Seal rules. */
import type { SealDecl } from "../ast.ts";
import type { SealRule } from "../ir.ts";
import { lowerBody } from "./body.ts";
import { wanted } from "./coerce.ts";
import { typeExpr } from "./expressions.ts";
import { checkLiterals, expressionsOf } from "./literals.ts";
import { quote } from "./findings.ts";
import { labelOf, refText, sightOf } from "./rule.ts";
import type { Ordinals } from "./rule.ts";
import { resolveCollection } from "./scope.ts";
import type { Place } from "./scope.ts";

/** null after an error that leaves no target or key. */
export function lowerSeal(place: Place, decl: SealDecl, ordinals: Ordinals): SealRule | null {
  const {
    file,
    role: { role },
    scope: { findings },
  } = place;
  const label = labelOf(ordinals, `seal ${place.role.copy?.prefix ?? ""}${refText(decl.target)}`);
  const target = resolveCollection(place, decl.target, decl.op === "<~" ? "send" : "write");
  const body = lowerBody(place, decl.body, decl.span);
  if (target === null) return null;
  const declared = { file: target.file, span: target.nameSpan, label: "declared here" };
  if (target.sealed === null) {
    const sealable = target.kind === "input" || target.kind === "channel";
    findings.add("DLC272", file, decl.target.span, `${quote(target.name)} promises no seal`, {
      cause: declared,
      mend: sealable
        ? `Declare it: ${quote(`sealed by (${target.columns[0]?.name ?? "k"})`)} after its columns.`
        : "Only inputs and channels are sealed.",
    });
    return null;
  }
  const own = target.role === role.name;
  if (own !== (decl.op === "<=")) {
    const right = own ? "<=" : "<~";
    findings.add(
      "DLC274",
      file,
      decl.target.span,
      own
        ? `${quote(target.name)} belongs to this role, so it is sealed with ${quote("<=")}`
        : `${quote(target.id)} belongs to another role, so its seal is sent with ${quote("<~")}`,
      {
        cause: declared,
        mend: `Write ${quote(right)}.`,
      },
    );
  } else if (!own && target.kind !== "channel") {
    findings.add(
      "DLC221",
      file,
      decl.target.span,
      `only the host of role ${target.role} seals its input ${quote(target.name)}`,
      {
        cause: declared,
        mend: `Seal a channel of role ${target.role}.`,
      },
    );
  }
  const promised = target.sealed.columns.map((index) => target.columns[index].name);
  const given = decl.args.map((arg) => arg.name?.text ?? "");
  const exact = given.length === promised.length && promised.every((column) => given.includes(column));
  if (!exact) {
    const form =
      promised.length === 0
        ? `seal ${refText(decl.target)}`
        : `seal ${refText(decl.target)}(${promised.map((column) => `${column}: ...`).join(", ")})`;
    const wrong = decl.args.find((arg) => arg.name !== null && !promised.includes(arg.name.text));
    findings.add(
      "DLC273",
      file,
      wrong?.name?.span ?? decl.target.span,
      promised.length === 0
        ? `${quote(target.name)} is sealed as a whole, without columns`
        : `${quote(target.name)} is sealed by ${promised.map(quote).join(", ")}, and the seal names ${given.every((name) => name === "") ? "no column" : given.map(quote).join(", ")}`,
      {
        cause: { file: target.file, span: target.sealed.span, label: "the promise" },
        mend: `Write ${quote(form)}.`,
      },
    );
    return null;
  }
  const sight = sightOf(place, body);
  const key = target.sealed.columns.map((index) => {
    const column = target.columns[index];
    const arg = decl.args.find((one) => one.name?.text === column.name) as SealDecl["args"][number];
    return wanted(
      place,
      typeExpr(sight, arg.value),
      column.type,
      `column ${quote(column.name)} of ${quote(target.name)}`,
      { cause: declared },
      true,
    );
  });
  checkLiterals(place, [...expressionsOf(body.literals, [], []), ...key]);
  return {
    id: `${role.name}/${label}`,
    label,
    role: role.name,
    target: target.id,
    op: decl.op,
    key,
    body: body.literals,
    doc: decl.doc,
    file,
    span: decl.span,
  };
}
