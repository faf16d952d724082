/** The things that a program imports, as subjects of the check. */
import { createName } from "../compiler/5-emit/components.ts";
import type { Claim, Name, Span } from "../compiler/ast.ts";
import type {
  CollectionId,
  Component,
  ImportedFunction,
  ImportedLattice,
  Ir,
  LatticeType,
  Type,
} from "../compiler/ir.ts";
import { isLattice, typeText } from "../compiler/types.ts";
import { latticeKinds, revealed } from "../lattices/index.ts";
import { aggregateLaws } from "./aggregate-laws.ts";
import type { Callable } from "./call.ts";
import type { Domain } from "./domain.ts";
import { groupDomain } from "./group-domain.ts";
import { claimLaws, steadiness } from "./laws.ts";
import type { ClaimLaw, Shape } from "./laws.ts";
import { domainOf } from "./lattice-domains.ts";
import type { Surroundings } from "./lattice-domains.ts";
import { latticeLaws } from "./lattice-laws.ts";
import type { LatticeLaw } from "./lattice-laws.ts";
import type { ExpectedType, LawOf, Subject } from "./subject.ts";

/** In the order of the declarations. */
export function subjectsOf(ir: Ir): readonly Subject[] {
  const subjects = [
    ...[...ir.functions.values()].map((fn) => subjectOf("function", fn, ir)),
    ...[...ir.aggregates.values()].map((aggregate) => subjectOf("aggregate", aggregate, ir)),
    ...[...ir.lattices.values()].map(latticeSubject),
    ...[...ir.externals.values()].flatMap((one) =>
      one.kind === "component" && one.from !== null ? [componentSubject(one, one.from, ir)] : [],
    ),
  ];
  const files = ir.asts.map(({ file }) => file);
  return subjects.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.span.start - b.span.start);
}

/** What every declaration has. */
function declared(
  kind: Subject["kind"],
  { id, name, from, file, span }: ImportedFunction | ImportedLattice,
): Omit<Subject, "type" | "lattices" | "laws"> {
  const nameSpan = spanOf({ file, span }, new RegExp(`\\b${name}\\b`), kind.length);
  const fromSpan = spanOf({ file, span }, /"(?:\\.|[^"\\\n])*"/, nameSpan.end - span.start);
  return { kind, id, name, from, file, span, nameSpan, fromSpan };
}

function latticeSubject(lattice: ImportedLattice): Subject {
  const { id, name, from, file } = lattice;
  const subject = declared("lattice", lattice);
  const law = ({ bind, ...said }: LatticeLaw): LawOf => ({
    ...said,
    span: subject.nameSpan,
    claimed: false,
    senseless: null,
    bind: (_, { lattices, literals }) => bind(lattices.get(id)!, literals),
  });
  return {
    ...subject,
    type: {
      text: `{ readonly bottom: ${name}; readonly join: (a: ${name}, b: ${name}) => ${name} }`,
      parts: null,
    },
    lattices: [{ id, name, from, file }],
    laws: latticeLaws.map(law),
  };
}

/** A function that is given the outputs and returns the inputs, as functions of rows. */
function componentSubject({ name, ins, outs, file, span, nameSpan }: Component, from: Name, ir: Ir): Subject {
  const rowOf = (id: CollectionId, result: boolean): string =>
    `{ ${ir.collections
      .get(id)!
      .columns.map((column) => `readonly ${column.name}: ${typeScriptType(column.type, result)}`)
      .join("; ")} }`;
  const functionsOf = (ports: Component["ins"], result: boolean): string =>
    `{ ${[...ports].map(([id, as]) => `readonly ${as}: (row: ${rowOf(id, result)}) => void`).join("; ")} }`;
  const types = [...ins.keys(), ...outs.keys()].flatMap((id) =>
    ir.collections.get(id)!.columns.map(({ type }) => type),
  );
  return {
    kind: "component",
    id: name,
    name: createName(name),
    from: from.text,
    file,
    span,
    nameSpan,
    fromSpan: from.span,
    isService: true,
    type: {
      text: `(out: ${functionsOf(outs, true)}, settled: (listener: () => void) => void, persist: <S>(save: () => S, load: (state: S) => void) => void) => ${functionsOf(ins, false)}`,
      // What a method takes is compared both ways, and a row that lacks a column would pass.
      also: [...outs].map(([id, as]) => ({
        of: `Parameters<Parameters<EXPORT>[0][${JSON.stringify(as)}]>[0]`,
        text: rowOf(id, true),
      })),
      parts: null,
    },
    lattices: latticesOf(types, ir),
    laws: [],
  };
}

function subjectOf(kind: "function" | "aggregate", imported: ImportedFunction, ir: Ir): Subject {
  const subject = declared(kind, imported);
  const { nameSpan, fromSpan } = subject;
  const { span } = imported;
  const afterName = nameSpan.end - span.start;
  const params =
    kind === "function" ? paramsOf(imported, afterName) : [rowsOf(imported, paramsOf(imported, afterName))];
  const returns = { written: typeText(imported.returns), text: typeScriptType(imported.returns, true) };
  const text = `(${params.map((param) => `${param.name}: ${param.text}`).join(", ")}) => ${returns.text}`;
  const laws = lawsOf(kind, imported, nameSpan, fromSpan.end - span.start);
  return {
    ...subject,
    type: { text, parts: { params, returns } },
    lattices: latticesOf([...imported.params.map(({ type }) => type), imported.returns], ir),
    laws,
  };
}

/** The imported lattices that the types name. */
function latticesOf(types: readonly Type[], { lattices }: Ir): readonly ImportedLattice[] {
  const named = new Set(types.flatMap(latticesIn));
  return [...lattices.values()].filter(({ id }) => named.has(id));
}

/** All lattices in a type, imported ones by their id. */
function latticesIn(type: Type): string[] {
  switch (type.kind) {
    case "list":
      return latticesIn(type.of);
    case "tuple":
      return type.of.flatMap(latticesIn);
    case "lattice":
      return [type.name, ...type.args.flatMap(latticesIn)];
    default:
      return [];
  }
}

type Param = NonNullable<ExpectedType["parts"]>["params"][number];

function paramsOf(imported: ImportedFunction, afterName: number): readonly Param[] {
  return imported.params.map(({ name, type }) => ({
    name,
    written: typeText(type),
    text: typeScriptType(type, false),
    span: spanOf(imported, new RegExp(`\\b${name}\\s*:(?:\\([^)]*\\)|<[^>]*>|[^,)])*`), afterName),
  }));
}

/** What an aggregate gets: its group as one array, of values or of tuples. */
function rowsOf(imported: ImportedFunction, columns: readonly Param[]): Param {
  const type = rowType(imported);
  const [first, ...more] = columns;
  return {
    name: more.length === 0 ? first!.name : "rows",
    written: typeText(type),
    text: typeScriptType({ kind: "list", of: type }, false),
    span: { start: first!.span.start, end: columns.at(-1)!.span.end },
  };
}

/** Of one valuation. */
function rowType({ params }: ImportedFunction): Type {
  return params.length === 1 ? params[0]!.type : { kind: "tuple", of: params.map(({ type }) => type) };
}

function lawsOf(
  kind: "function" | "aggregate",
  imported: ImportedFunction,
  nameSpan: Span,
  afterFrom: number,
): readonly LawOf[] {
  const shape: Shape = { params: imported.params.map(({ type }) => type), returns: imported.returns };
  const table: Readonly<Record<Claim, ClaimLaw>> = kind === "function" ? claimLaws : aggregateLaws;
  const callable = (exported: unknown, surroundings: Surroundings): Callable => {
    // One domain for one type, so that cases can hand the same value to several parameters.
    const domains = new Map<string, Domain>();
    const domain = (type: Type): Domain => {
      const key = typeText(type);
      if (!domains.has(key)) domains.set(key, domainOf(type, surroundings));
      return domains.get(key)!;
    };
    return {
      name: imported.name,
      params: kind === "function" ? shape.params.map(domain) : [groupDomain(rowType(imported), surroundings.literals)],
      returns: domain(shape.returns),
      of: exported as Callable["of"],
    };
  };
  const claims = imported.claims.map((claim): LawOf => {
    const { means, senseless, bind } = table[claim];
    return {
      name: claim,
      span: spanOf(imported, new RegExp(`\\b${claim}\\b`), afterFrom),
      claimed: true,
      means,
      senseless: senseless(shape),
      // A proof is about the values of a type in their one order, and those of lattices grow in others.
      ...([...shape.params, shape.returns].some(isLattice) ? {} : { prove: proofOf(kind, claim, shape) }),
      bind: (exported, surroundings) => bind(callable(exported, surroundings), shape),
    };
  });
  return [
    ...claims,
    {
      name: "steady",
      span: nameSpan,
      claimed: false,
      silent: true,
      means: "equal arguments must give equal results, and stay as they are",
      senseless: null,
      bind: (exported, surroundings) => steadiness(callable(exported, surroundings)),
    },
  ];
}

function proofOf(kind: "function" | "aggregate", claim: Claim, shape: Shape): NonNullable<LawOf["prove"]> {
  return async (declaration) =>
    kind === "function"
      ? (await import("./proof.ts")).prove(claim, shape, declaration)
      : (await import("./aggregate-proof.ts")).proveAggregate(claim, shape, declaration);
}

/** The first match in the text of the declaration after `from` characters of it; the whole declaration where there is none. */
function spanOf({ file, span }: Pick<ImportedFunction, "file" | "span">, what: RegExp, from: number): Span {
  const found = what.exec(file.text.slice(span.start + from, span.end));
  if (found === null) return span;
  const start = span.start + from + found.index;
  return { start, end: start + found[0].trimEnd().length };
}

/** Arguments are given as mutable arrays, so that both kinds of parameters fit; results may be readonly. */
function typeScriptType(type: Type, result: boolean): string {
  const readonly = result ? "readonly " : "";
  switch (type.kind) {
    case "int":
    case "nat":
    case "float":
      return "number";
    case "string":
    case "addr":
      return "string";
    case "bool":
      return "boolean";
    case "bytes":
      return "Uint8Array";
    case "json":
      return result ? "unknown" : "any";
    case "list":
      return `${readonly}${elementType(type.of, result)}[]`;
    case "tuple":
      return `${readonly}[${type.of.map((of) => typeScriptType(of, result)).join(", ")}]`;
    case "lattice":
      return latticeTypeScript(type, result);
    case "unknown":
      return "any";
  }
}

/** What a function sees of a lattice value: sets and maps in canonical order, otherwise the plain value. */
function latticeTypeScript(type: LatticeType, result: boolean): string {
  const of = (i: number): string => typeScriptType(type.args[i], result);
  switch (type.name) {
    case "lset":
    case "lpset":
    case "orset":
    case "mvreg":
      return `ReadonlySet<${of(0)}>`;
    case "lmap":
      return `ReadonlyMap<${of(0)}, ${of(1)}>`;
    case "vclock":
      return "ReadonlyMap<string, number>";
    case "lmax":
    case "lmin":
    case "lww":
      return of(0);
    case "dompair":
      return `readonly [${of(0)}, ${of(1)}]`;
    default:
      return latticeKinds.has(type.name) ? typeScriptType(revealed(type), result) : nameOf(type);
  }
}

/** Of an imported lattice, as the file that imports it has it. */
function nameOf({ name }: LatticeType): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function elementType(type: Type, result: boolean): string {
  const text = typeScriptType(type, result);
  return text.startsWith("readonly ") ? `(${text})` : text;
}
