/** The things that a program imports, as subjects of the check. */
import { createName } from "../compiler/5-emit/components.ts";
import type { Claim, Name, Span } from "../compiler/ast.ts";
import type { CollectionId, Component, ImportedFunction, Ir, LatticeType, Type } from "../compiler/ir.ts";
import { typeText } from "../compiler/types.ts";
import { latticeKinds, revealed } from "../lattices/index.ts";
import { aggregateLaws } from "./aggregate-laws.ts";
import type { Callable } from "./call.ts";
import type { Domain } from "./domain.ts";
import { groupDomain } from "./group-domain.ts";
import { claimLaws, steadiness } from "./laws.ts";
import type { ClaimLaw, Shape } from "./laws.ts";
import { plainDomain } from "./plain-domains.ts";
import type { ExpectedType, LawOf, Literals, Subject } from "./subject.ts";

/** In the order of the declarations. */
export function subjectsOf(ir: Ir): readonly Subject[] {
  const subjects = [
    ...[...ir.functions.values()].map((fn) => subjectOf("function", fn)),
    ...[...ir.aggregates.values()].map((aggregate) => subjectOf("aggregate", aggregate)),
    ...[...ir.externals.values()].flatMap((one) =>
      one.kind === "component" && one.from !== null ? [componentSubject(one, one.from, ir)] : [],
    ),
  ];
  const files = ir.asts.map(({ file }) => file);
  return subjects.sort((a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.span.start - b.span.start);
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
      text: `(out: ${functionsOf(outs, true)}, settled: (listener: () => void) => void) => ${functionsOf(ins, false)}`,
      // What a method takes is compared both ways, and a row that lacks a column would pass.
      also: [...outs].map(([id, as]) => ({
        of: `Parameters<Parameters<EXPORT>[0][${JSON.stringify(as)}]>[0]`,
        text: rowOf(id, true),
      })),
      parts: null,
    },
    laws: [],
  };
}

function subjectOf(kind: "function" | "aggregate", imported: ImportedFunction): Subject {
  const { id, name, from, file, span } = imported;
  const nameSpan = spanOf(imported, new RegExp(`\\b${name}\\b`), kind.length);
  const afterName = nameSpan.end - span.start;
  const fromSpan = spanOf(imported, /"(?:\\.|[^"\\\n])*"/, afterName);
  const params =
    kind === "function" ? paramsOf(imported, afterName) : [rowsOf(imported, paramsOf(imported, afterName))];
  const returns = { written: typeText(imported.returns), text: typeScriptType(imported.returns, true) };
  const text = `(${params.map((param) => `${param.name}: ${param.text}`).join(", ")}) => ${returns.text}`;
  const laws = lawsOf(kind, imported, nameSpan, fromSpan.end - span.start);
  return { kind, id, name, from, file, span, nameSpan, fromSpan, type: { text, parts: { params, returns } }, laws };
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
  const callable = (exported: unknown, literals: Literals): Callable => {
    // One domain for one type, so that cases can hand the same value to several parameters.
    const domains = new Map<string, Domain>();
    const domain = (type: Type): Domain => {
      const key = typeText(type);
      if (!domains.has(key)) domains.set(key, plainDomain(type, literals));
      return domains.get(key)!;
    };
    return {
      name: imported.name,
      params: kind === "function" ? shape.params.map(domain) : [groupDomain(rowType(imported), literals)],
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
      prove: async (declaration) =>
        kind === "function"
          ? (await import("./proof.ts")).prove(claim, shape, declaration)
          : (await import("./aggregate-proof.ts")).proveAggregate(claim, shape, declaration),
      bind: (exported, literals) => bind(callable(exported, literals)),
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
      bind: (exported, literals) => steadiness(callable(exported, literals)),
    },
  ];
}

/** The first match in the text of the declaration after `from` characters of it; the whole declaration where there is none. */
function spanOf({ file, span }: ImportedFunction, what: RegExp, from: number): Span {
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
      return latticeKinds.has(type.name) ? typeScriptType(revealed(type), result) : type.name;
  }
}

function elementType(type: Type, result: boolean): string {
  const text = typeScriptType(type, result);
  return text.startsWith("readonly ") ? `(${text})` : text;
}
