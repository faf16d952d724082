/** The things that a program imports, as subjects of the check. */
import type { Claim, Span } from "../compiler/ast.ts";
import type { ImportedFunction, Ir, LatticeType, Type } from "../compiler/ir.ts";
import { typeText } from "../compiler/types.ts";
import { latticeKinds, revealed } from "../lattices/index.ts";
import type { Callable } from "./call.ts";
import { claimLaws, steadiness } from "./laws.ts";
import { plainDomain } from "./plain-domains.ts";
import type { LawOf, Literals, Subject } from "./subject.ts";

/** In the order of the declarations. */
export function subjectsOf(ir: Ir): readonly Subject[] {
  return [...ir.functions.values()].map(functionSubject);
}

function functionSubject(fn: ImportedFunction): Subject {
  const { id, name, from, file, span, params, returns } = fn;
  const nameSpan = spanOf(fn, new RegExp(`\\b${name}\\b`), "function".length);
  const afterName = nameSpan.end - span.start;
  const fromSpan = spanOf(fn, /"(?:\\.|[^"\\\n])*"/, afterName);
  const parts = {
    params: params.map((param) => ({
      name: param.name,
      written: typeText(param.type),
      text: typeScriptType(param.type, false),
      span: spanOf(fn, new RegExp(`\\b${param.name}\\s*:(?:\\([^)]*\\)|<[^>]*>|[^,)])*`), afterName),
    })),
    returns: { written: typeText(returns), text: typeScriptType(returns, true) },
  };
  const text = `(${parts.params.map((param) => `${param.name}: ${param.text}`).join(", ")}) => ${parts.returns.text}`;
  return {
    kind: "function",
    id,
    name,
    from,
    file,
    span,
    nameSpan,
    fromSpan,
    type: { text, parts },
    laws: lawsOf(fn, nameSpan, fromSpan.end - span.start),
  };
}

function lawsOf(fn: ImportedFunction, nameSpan: Span, afterFrom: number): readonly LawOf[] {
  const shape = { params: fn.params.map(({ type }) => type), returns: fn.returns };
  const callable = (exported: unknown, literals: Literals): Callable => {
    // One domain for one type, so that cases can hand the same value to several parameters.
    const domains = new Map<string, ReturnType<typeof plainDomain>>();
    const domain = (type: Type): ReturnType<typeof plainDomain> => {
      const key = typeText(type);
      if (!domains.has(key)) domains.set(key, plainDomain(type, literals));
      return domains.get(key)!;
    };
    return {
      name: fn.name,
      params: shape.params.map(domain),
      returns: domain(fn.returns),
      of: exported as Callable["of"],
    };
  };
  const claims = fn.claims.map((claim: Claim): LawOf => {
    const { means, senseless, bind } = claimLaws[claim];
    return {
      name: claim,
      span: spanOf(fn, new RegExp(`\\b${claim}\\b`), afterFrom),
      claimed: true,
      means,
      senseless: senseless(shape),
      prove: async (declaration) => (await import("./proof.ts")).prove(claim, shape, declaration),
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
