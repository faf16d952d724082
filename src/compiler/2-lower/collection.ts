/** One collection: its columns, key and modifiers. */
import type { CollectionDecl, CollectionKind, Modifier, SourceFile, Span } from "../ast.ts";
import type { Collection, Column, Role, SealPromise } from "../ir.ts";
import { isFromHost, latticeColumns } from "../../lattices/index.ts";
import { typeText } from "../types.ts";
import { columnsOf } from "./declare.ts";
import { alternatives, quote } from "./findings.ts";
import type { Findings } from "./findings.ts";
import type { TypeScope } from "./type-names.ts";

/** setTimeout's longest delay. */
const longestPeriodMs = 2 ** 31 - 1;

const article = (kind: CollectionKind): string => `${/^[io]/.test(kind) ? "an" : "a"} ${kind}`;

/** Which kinds a modifier stands on. */
export const kindsOf: Readonly<
  Record<Exclude<Modifier["kind"], "shared" | "serializable">, readonly CollectionKind[]>
> = {
  sealed: ["input", "channel"],
  unique: ["input", "channel"],
  lossy: ["channel"],
  durable: ["table"],
  level: ["output"],
  rate: ["input", "channel", "table", "scratch", "output"],
};

/** `name`: the collection's in its role; of one in a copy, `d.buffer`. */
export function declareCollection(
  file: SourceFile,
  role: Role,
  name: string,
  decl: CollectionDecl,
  types: TypeScope,
  findings: Findings,
): Collection {
  const columns = columnsOf(file, decl.columns, types, findings, "column");
  const kept = new Map<Modifier["kind"], Modifier>();
  for (const modifier of decl.modifiers) {
    const said = modifier.kind === "level" ? modifier.level : modifier.kind;
    if (modifier.kind === "shared" || modifier.kind === "serializable") {
      findings.add("DLC208", file, modifier.span, `${quote(modifier.kind)} tables are not in this version of dlc`, {
        mend: "Leave it out: the table is then each instance's own, and other instances reach it by messages.",
      });
      continue;
    }
    if (!kindsOf[modifier.kind].includes(decl.collection)) {
      findings.add("DLC270", file, modifier.span, `${article(decl.collection)} cannot be ${quote(said)}`, {
        cause: { file, span: decl.name.span, label: `${quote(name)} is ${article(decl.collection)}` },
        mend: `${quote(said)} stands only on ${alternatives(kindsOf[modifier.kind].map((kind) => `${kind}s`))}.`,
        fixes: [removal(file, modifier.span, said)],
      });
      continue;
    }
    const before = kept.get(modifier.kind);
    if (before !== undefined) {
      // The same word twice is a matter of syntax, and reported there.
      if (modifier.kind === "level" && before.kind === "level" && modifier.level !== before.level) {
        findings.add("DLC271", file, modifier.span, `${quote(name)} is given two levels`, {
          cause: { file, span: before.span, label: "first here" },
          mend: "Keep one of them.",
          fixes: [removal(file, modifier.span, said)],
        });
      }
      continue;
    }
    kept.set(modifier.kind, modifier);
  }

  const sealed = kept.get("sealed");
  const lossy = kept.get("lossy");
  if (sealed !== undefined && lossy !== undefined) {
    findings.add("DLC271", file, lossy.span, `${quote(name)} is sealed, so it cannot be lossy`, {
      cause: { file, span: sealed.span, label: "the seal counts the facts that were sent" },
      mend: "Keep one of them: a fact that was lost could not be told from one that is still to come.",
      fixes: [removal(file, lossy.span, "lossy")],
    });
  }
  const unique = kept.get("unique");
  if (unique !== undefined && decl.keyLength === null) {
    findings.add("DLC270", file, unique.span, `${quote(name)} is ${quote("unique")}, but declares no key`, {
      mend: `Write ${quote("->")} after the columns that identify a fact: ${quote("(id: string -> who: string)")}.`,
    });
  }
  if (decl.periodMs !== null && decl.periodMs > longestPeriodMs) {
    findings.add(
      "DLC290",
      file,
      decl.name.span,
      `the period of timer ${quote(name)} is longer than timers run: ${longestPeriodMs}ms, about 24 days`,
      {
        mend: "Choose a shorter period, and count how often it fires.",
      },
    );
  }
  const level = kept.get("level");
  const rate = kept.get("rate");
  const growing = latticeColumns(columns);
  if (growing.length > 0) checkLattices(file, decl, columns, unique !== undefined, findings);
  return {
    id: `${role.name}.${name}`,
    role: role.name,
    name,
    kind: decl.collection,
    columns,
    // Of a collection with lattice columns the others are the key: values of one key are joined.
    keyLength: growing.length > 0 ? null : decl.keyLength,
    lossy: lossy !== undefined,
    durable: kept.has("durable"),
    unique: unique !== undefined,
    sealed: sealed?.kind === "sealed" ? promise(file, name, columns, sealed, findings) : null,
    level: level?.kind === "level" ? level.level : decl.collection === "output" ? "deterministic" : null,
    strict: level?.kind === "level" && level.strict,
    periodMs: decl.periodMs,
    ...(rate?.kind === "rate" && { rate: rate.perSecond }),
    doc: decl.doc,
    file,
    span: decl.span,
    nameSpan: decl.name.span,
  };
}

/** What a collection with lattice columns cannot also be. */
function checkLattices(
  file: SourceFile,
  decl: CollectionDecl,
  columns: readonly Column[],
  isUnique: boolean,
  findings: Findings,
): void {
  const { keyLength } = decl;
  let isMisplaced = false;
  columns.forEach((column, i) => {
    const { span, text } = decl.columns[i].name;
    const isLattice = column.type.kind === "lattice";
    if (keyLength !== null && isLattice === i < keyLength && !isMisplaced) {
      isMisplaced = true;
      findings.add(
        "DLC209",
        file,
        span,
        isLattice
          ? `${quote(text)} is a lattice and stands before ${quote("->")}: the plain columns are the key`
          : `${quote(text)} stands after ${quote("->")} beside lattice columns: it can be determined by the key, or part of it, not both`,
        {
          mend: `Leave ${quote("->")} out: the plain columns are the key, and the lattice columns are joined for each of its values.`,
        },
      );
    }
    if (isLattice && decl.collection === "input" && !isFromHost(column.type))
      findings.add(
        "DLC209",
        file,
        decl.columns[i].type.span,
        `a host has no value of type ${quote(typeText(column.type))} to give`,
        {
          mend: "Let the host give plain events, and a rule update a table: `hits(p, inc(1)) <= view(p);`.",
        },
      );
  });
  if (isUnique)
    findings.add(
      "DLC270",
      file,
      decl.name.span,
      `${quote(decl.name.text)} has lattice columns, which are joined and not unique`,
      {
        mend: "Leave `unique` out.",
      },
    );
}

function promise(
  file: SourceFile,
  name: string,
  columns: readonly Column[],
  sealed: Extract<Modifier, { kind: "sealed" }>,
  findings: Findings,
): SealPromise {
  const indices: number[] = [];
  for (const column of sealed.by ?? []) {
    const index = columns.findIndex((one) => one.name === column.text);
    if (index < 0) {
      findings.add(
        "DLC204",
        file,
        column.span,
        `${quote(name)} has no column ${quote(column.text)}`,
        findings.didYouMean(
          file,
          column.span,
          column.text,
          columns.map((one) => one.name),
          "Seal by one of its columns.",
        ),
      );
    } else if (columns[index].type.kind === "lattice") {
      findings.add(
        "DLC209",
        file,
        column.span,
        `${quote(column.text)} is a lattice, and a seal closes the facts of plain values`,
        {
          mend: "Seal by the columns that are the key.",
        },
      );
    } else if (indices.includes(index)) {
      findings.add("DLC212", file, column.span, `${quote(column.text)} is named twice`, {
        mend: "Leave one of them out.",
      });
    } else indices.push(index);
  }
  return {
    columns: indices,
    single: sealed.single,
    deadlineMs: sealed.deadlineMs,
    everyMs: sealed.everyMs,
    span: sealed.span,
  };
}

function removal(file: SourceFile, span: Span, word: string) {
  const start = file.text[span.start - 1] === " " ? span.start - 1 : span.start;
  return { title: `Leave out ${quote(word)}`, edits: [{ file, span: { start, end: span.end }, text: "" }] };
}
