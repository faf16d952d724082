/** The analysis with one rule of it broken: each must be caught by programs that then differ. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Strategy } from "../../src/compiler/plan.ts";
import type { check } from "../support/check.ts";

interface Patch {
  /** Below src. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

export interface Mutant {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** Seeds of generated programs that have caught it; others are tried when they no longer do. */
  readonly seeds?: readonly number[];
  /** Shown by systems of components. */
  readonly ofComponents?: true;
  /** Shown where this mechanism is forced. */
  readonly strategy?: Strategy;
}

const analysis = (file: string, from: string, to: string): Patch => ({
  file: `compiler/3-analyze/${file}.ts`,
  from,
  to,
});

export const mutants: readonly Mutant[] = [
  {
    name: "negations are never sensitive",
    patches: [
      analysis(
        "points",
        ".filter((literal) => literal.negated && isOpen(context, literal) &&",
        ".filter((literal) => literal.negated && Boolean(0) &&",
      ),
    ],
  },
  {
    name: "aggregates are never sensitive",
    patches: [
      analysis("points", "if (!isAggregating(rule) || isProjecting(rule, context.graph.ir)) return [];", "return [];"),
    ],
  },
  {
    name: "events may meet anything",
    patches: [analysis("points", "if (ofOneTimer(passing, context)) return [];", "return [];")],
  },
  {
    name: "what rests on no event stands in every log",
    patches: [
      analysis(
        "labels",
        '!== "static" && !places.has(id)) places.set(id, null);',
        '!== "static" && Boolean(0)) places.set(id, null);',
      ),
    ],
  },
  {
    name: "a seal settles counts of events and of what lasts",
    patches: [analysis("sealing", "if (mixed !== undefined) {", "if (Boolean(0) && mixed !== undefined) {")],
  },
  {
    name: "what is deferred of static facts is there from the start",
    patches: [analysis("rule-seal", "{ ...closedFromStart, deferred }", "closedFromStart")],
  },
  {
    name: "a seal settles keys of events and of what lasts",
    patches: [analysis("sealing", '=== "passing" && isMixed(head, context)', '=== "static"')],
  },
  {
    name: "what waits of a lattice is joined",
    patches: [
      analysis(
        "sealing",
        'columns.some(({ type }) => type.kind === "lattice"));\n  if (passing',
        "columns.length === 0);\n  if (passing",
      ),
    ],
  },
  {
    name: "two timers count as one",
    patches: [analysis("points", "return passing.length === 1 || timers.size === 1;", "return true;")],
  },
  {
    name: "deletions and overwrites never race",
    patches: [
      analysis(
        "points",
        'if (rule.op !== "<-" && rule.op !== "<+-") return [];\n  const head',
        "return [];\n  const head",
      ),
    ],
  },
  {
    name: "a host gives no key two values",
    patches: [analysis("labels", 'if (mayGiveTwoValues(given)) return "Run";', "")],
  },
  {
    name: "what waits for anything waits for what changes",
    patches: [
      analysis(
        "analyze",
        "marks.some(({ sensitive }) => sensitive.includes(rule.body.indexOf(literal)))",
        "marks.length > 0 && literal !== null",
      ),
    ],
  },
  {
    name: "keys never conflict",
    patches: [analysis("points", "if (!mayConflict(rule, context)) return [];", "return [];")],
  },
  {
    name: "a key of one sender's table is the receiver's",
    patches: [analysis("points", '(scope !== "everywhere" || isTheSame)', "(isTheSame !== null)")],
  },
  {
    name: "what a sender makes of itself is the same at all",
    patches: [
      analysis(
        "points",
        '(scope !== "everywhere" || !namesSelf(rule, term.value, ir)',
        '(head.kind !== "channel" || !namesSelf(rule, term.value, ir)',
      ),
    ],
  },
  {
    name: "what one sender's host promises all hosts promise together",
    patches: [analysis("points", "(unique && seen.length === 0)", "unique")],
  },
  {
    name: "a step's value for a key is kept",
    patches: [analysis("points", "context, scope, [...seen, id])", 'context, "step", [...seen, id])')],
  },
  {
    name: "a key with the sender in it leads to the same everywhere",
    patches: [
      analysis(
        "points",
        'return literal.terms.slice(0, keyLength ?? 0).some((term) => term?.kind === "self");',
        "return keyLength === -1;",
      ),
    ],
  },
  {
    name: "static facts are the same everywhere",
    patches: [analysis("points", "every((rule) => !usesSelf(rule) && reads(rule)", "every((rule) => reads(rule)")],
  },
  {
    name: "an aggregate of self is everybody's",
    patches: [analysis("determine", "term.call.args.some(mentionsSelf)", "false")],
  },
  {
    name: "a gate need not determine the key",
    patches: [
      analysis(
        "sealing",
        "if (expr !== null && [...variablesOf(expr)].every((name) => gate.has(name))) continue;",
        "if (expr !== null) continue;",
      ),
    ],
  },
  {
    name: "replicas are no question",
    patches: [analysis("labels", 'return !replicated ? "Run" : writes ? "Diverge" : "Inst";', 'return "Run";')],
  },
  {
    name: "a keyed channel's receivers agree",
    patches: [analysis("labels", "(atReceivers && roles.get(head.role)!.replicated)", "(atReceivers && false)")],
  },
  {
    name: "all who hear the same keep the same of a keyed channel",
    patches: [analysis("labels", "lossy || keyLength !== null || ir.externals", "lossy || ir.externals")],
  },
  {
    name: "a seal survives a projection",
    patches: [
      analysis(
        "rule-seal",
        "const at = columnOf(term.name);\n        if (at < 0) return null;",
        "const at = Math.max(0, columnOf(term.name));",
      ),
    ],
  },
  {
    name: "only one literal is held",
    patches: [
      {
        file: "strategies/seal.ts",
        from: 'if (literal.kind !== "read" || !passing.includes(literal)) return literal;',
        to: 'if (literal.kind !== "read" || literal !== passing[0]) return literal;',
      },
      analysis("gates", "for (const literal of passing) {", "for (const literal of passing.slice(0, 1)) {"),
    ],
  },
  {
    name: "only the first part of a travelling seal counts",
    patches: [
      {
        file: "compiler/4-place/travels.ts",
        from: "parts: way.parts, deferred: way.deferred",
        to: "parts: way.parts.slice(0, 1), deferred: way.deferred",
      },
    ],
  },
  {
    name: "no stage is deferred",
    patches: [
      {
        file: "compiler/4-place/travels.ts",
        from: "parts: way.parts, deferred: way.deferred",
        to: "parts: way.parts, deferred: false",
      },
      {
        file: "compiler/4-place/travels.ts",
        from: "    deferred,\n  }));",
        to: "    deferred: deferred && false,\n  }));",
      },
    ],
  },
  {
    name: "what a gate releases is there at once through deferred rules",
    patches: [analysis("seals", 'if (seal.consumed && rule.op !== "<=") return null;', "")],
  },
  {
    name: "one producer stays one through any role",
    patches: [
      {
        file: "compiler/4-place/travels.ts",
        from: "return ownerColumns(way, ir, residual) !== null && isSingle",
        to: "return isSingle",
      },
    ],
  },
  {
    name: "thresholds over events are monotone",
    patches: [
      analysis(
        "points",
        "if (allGrow && isUpThreshold(rule, context.graph.ir)) return [];",
        "if (isUpThreshold(rule, context.graph.ir)) return [];",
      ),
    ],
  },
  {
    name: "one event passes all bounds",
    patches: [analysis("persistence", "isWhole && conditions.every(isAlternative) && isThreshold", "isThreshold")],
  },
  {
    name: "one event is the maximum and passes the bound",
    patches: [
      analysis(
        "persistence",
        '(conditions.length === 1 && rule.head.terms.every((term) => term.kind === "value" || same(term.call)))',
        "conditions.length === 1",
      ),
    ],
  },
  {
    name: "every bound of an aggregate is a threshold",
    patches: [
      analysis(
        "persistence",
        'return side.call.name === "min" ? op',
        'if (side.call.name === "count") return true;\n    return side.call.name === "min" ? op',
      ),
    ],
  },
  {
    name: "what changes meets anything",
    patches: [
      analysis(
        "labels",
        "return changes && open.length > 1 ? open : null;",
        "return changes && open.length > 99 ? open : null;",
      ),
    ],
  },
  {
    name: "what a lattice joins need not be there together",
    patches: [analysis("analyze", "if (parts.length > 0) found.push", "if (parts.length > 99) found.push")],
  },
  {
    name: "what goes to an address goes to all",
    patches: [analysis("local", "!goesToAll(rule, context)", "isForAll === undefined")],
  },
  {
    name: "local facts are everybody's",
    patches: [
      analysis(
        "local",
        "if (local.has(id) || !isLocal(id, context, local, marked)) continue;",
        "if (local.has(id) || isLocal(id, context, local, marked) || true) continue;",
      ),
    ],
  },
  {
    name: "a log may be keyed by any column",
    patches: [
      {
        file: "strategies/order.ts",
        from: "if (assigned && ordered.every((rule) => keepsKey(rule, assigned, graph, persistence))) found.push(assigned);",
        to: "if (assigned) found.push(assigned);",
      },
      analysis("labels", "if (isAggregating(rule) && !carries(null)) return false;", ""),
      analysis("labels", "if (!carries(keyColumns(head))) return false;", ""),
    ],
  },
  {
    name: "what changes grows",
    patches: [
      analysis(
        "persistence",
        'if (rule.op === "<-" || rule.op === "<+-") return "changing";',
        'if (rule.op === "<-" || rule.op === "<+-") return "growing";',
      ),
      analysis(
        "persistence",
        'if (literal.negated) raise(sealed ? "growing" : "changing");',
        'if (literal.negated) raise("growing");',
      ),
    ],
  },
  {
    name: "once only holds for fewer columns",
    patches: [
      analysis(
        "exemptions",
        "return matches && termVariables(body[0]).every((name) => inTable.has(name) || isUnseen(name));",
        "return matches && inTable.size >= 0;",
      ),
    ],
  },
  {
    name: "a table of what came once may be written of more than the rule reads",
    patches: [analysis("exemptions", "if (new Set(stands.values()).size !== stands.size) return false;", "")],
  },
  {
    name: "two facts of one event need not be joined",
    patches: [analysis("exemptions", "for (let i = 0; i < needed; i++) {", "for (let i = 0; i < needed - 1; i++) {")],
  },
  {
    name: "any reply is one's own",
    patches: [
      analysis(
        "exemptions",
        'if (op !== "<~" || collection(context, head.collection).role !== home.role) return "anywhere";',
        'return "anywhere";',
      ),
    ],
  },
  {
    name: "of a role of one no deployment starts two",
    patches: [
      analysis(
        "exemptions",
        'return graph.entrances(role).some(({ id, kind }) => kind === "channel" &&',
        'return true || graph.entrances(role).some(({ id, kind }) => kind === "channel" &&',
      ),
    ],
  },
  {
    name: "any address is that of the request",
    patches: [analysis("exemptions", "[...new Set(columns)].sort((a, b) => a - b)", "[]")],
  },
  {
    name: "any row of an event's table is its own",
    patches: [
      analysis(
        "exemptions",
        'if (op === "<=" && id === event.collection) return asked.every((term, i) => term === null || sameTerm(term, event.terms[i]));',
        "if (id === event.collection) return asked.length > 0;",
      ),
    ],
  },
  {
    name: "what an aggregate looks at is the same in all its group",
    patches: [
      analysis(
        "persistence",
        "call.args.every((arg) => isPlain(arg) && [...variablesOf(arg)].every(isKnown));",
        "call.args.every(isPlain);",
      ),
    ],
  },
  {
    name: "plain values of lattices only grow",
    patches: [
      analysis(
        "points",
        'if (plain.length > 0) found.push(finding(context, rule, "reveal", plainVariables(plain), plain));',
        "",
      ),
    ],
  },
  {
    name: "what passes is joined before it is looked at",
    patches: [
      analysis(
        "points",
        'if (parts.length > 0) found.push(finding(context, rule, "aggregate", plainVariables(parts), parts));',
        "",
      ),
    ],
  },
  {
    name: "an update may look at the copy at hand",
    patches: [
      analysis("points", "if (isContextual(rule.head)) {\n    const writers", "if (Boolean(0)) {\n    const writers"),
    ],
  },
  {
    name: "any comparison with a lattice is a threshold",
    patches: [
      {
        file: "lattices/growth.ts",
        from: "return up || down ? this.#expr(growing) : raised(uses, 2);",
        to: "return this.#expr(growing);",
      },
    ],
  },
  {
    name: "a threshold is a plain value",
    patches: [
      {
        file: "lattices/growth.ts",
        from: "if (!this.#isColumnLattice(i)) this.#use(raised(this.#expr(term.value), 2));",
        to: "if (!this.#isColumnLattice(i)) this.#use(this.#expr(term.value));",
      },
    ],
  },
  {
    name: "a log may be keyed by the value of a lattice",
    patches: [
      {
        file: "strategies/order.ts",
        from: 'if (term?.kind !== "variable" || term.type.kind === "lattice") continue;',
        to: 'if (term?.kind !== "variable") continue;',
      },
      {
        file: "strategies/order.ts",
        from: 'assigned.has(id) && graph.ir.collections.get(id)!.columns[assigned.get(id)!].type.kind !== "lattice")',
        to: "assigned.has(id))",
      },
      analysis(
        "labels",
        'if (term?.kind !== "variable" || term.type.kind === "lattice") return null;',
        'if (term?.kind !== "variable") return null;',
      ),
    ],
  },
  {
    name: "what falls into an epoch is the same in every run",
    strategy: "barrier",
    patches: [
      analysis(
        "labels",
        'if (own.length > 0 && settled && !sealed) label = "Run";',
        'if (own.length > 0 && settled && !sealed) label = [...context.graph.ir.collections.values()].some(({ ordering }) => ordering?.everyMs !== undefined) ? "Async" : "Run";',
      ),
    ],
  },
  {
    name: "what is given up upstream is closed downstream",
    patches: [analysis("deadlines", 'if (rests) failing.set(id, "upstream");', "if (rests) break;")],
  },
  {
    name: "deadlines are always kept",
    seeds: [496, 707, 869],
    patches: [analysis("deadlines", "if (failing.size === 0) return missed;", "if (failing.size >= 0) return missed;")],
  },
  {
    name: "an epoch gathers only what the rule itself reads",
    strategy: "barrier",
    patches: [
      { file: "strategies/order.ts", from: "    else for (const rule of graph.into.get(id)!) addRule(rule);", to: "" },
      analysis(
        "labels",
        "if (open.some((literal) => !places.get(literal.collection))) return false;",
        "if (open.length > 0) return true;",
      ),
    ],
  },
  {
    name: "a seal rule's promise holds",
    patches: [analysis("points", "if (!atOnce(seal)) return true;\n", "if (atOnce !== null) return false;\n")],
  },
  {
    name: "a declared order does not matter",
    ofComponents: true,
    patches: [
      analysis("declared", "if (races.length === 0) return [];", "return [];"),
      analysis(
        "declared",
        "if (races.length === 0 || isSealed(rule.id)) return settled;",
        "if (races.length >= 0 || isSealed(rule.id)) return settled;",
      ),
    ],
  },
  {
    name: "what other inputs write does not race",
    ofComponents: true,
    patches: [
      { file: "compiler/2-lower/paths.ts", from: "if (other === from) continue;", to: "if (other !== null) continue;" },
    ],
  },
  {
    name: "a component's log may be keyed by any column",
    ofComponents: true,
    patches: [
      { file: "strategies/order.ts", from: "return rule.path.gate?.includes(names[0]!) ?? false;", to: "return true;" },
      analysis("labels", "body.variables.every((name) => rule.path!.gate?.includes(name)) &&", "true &&"),
    ],
  },
  {
    name: "what another path has written does not show",
    ofComponents: true,
    patches: [
      analysis("declared", "if (rule.path === undefined || rule.path.races.length === 0) return [];", "return [];"),
    ],
  },
  {
    name: "a fact that waits keeps its place in a log",
    ofComponents: true,
    patches: [
      analysis("declared", "(rule.gates?.length ?? 0) > 0", "false"),
      analysis(
        "declared",
        "return ordering === undefined ? null :",
        "return ordering === undefined || Boolean(1) ? null :",
      ),
    ],
  },
  {
    name: "a seal overtakes what another path of its input holds back",
    ofComponents: true,
    patches: [
      {
        file: "compiler/2-lower/paths.ts",
        from: 'paths.filter((each) => each.from === from && !each.decl.word.startsWith("C"))',
        to: 'paths.filter((each) => each === path && !each.decl.word.startsWith("C"))',
      },
    ],
  },
  {
    name: "a component's facts wait by columns that they lack",
    ofComponents: true,
    patches: [
      analysis(
        "sealing",
        "rule.path === undefined ? fitsHolding(rule, conditions, context) : fitsHanding(rule, conditions)",
        "rule.path === undefined ? fitsHolding(rule, conditions, context) : null",
      ),
    ],
  },
];

const root = fileURLToPath(new URL("../../src/", import.meta.url));

/** The compiler up to its plan, with these patches. Throws where a patch no longer fits its file. */
export async function mutate({ name, patches }: Mutant): Promise<typeof check> {
  const result = await build({
    stdin: {
      contents: 'export { check } from "../support/check.ts";',
      resolveDir: fileURLToPath(new URL(".", import.meta.url)),
      loader: "ts",
    },
    bundle: true,
    write: false,
    format: "iife",
    globalName: "mutant",
    platform: "node",
    target: "node20",
    plugins: [
      {
        name: "patch",
        setup(builder) {
          builder.onLoad({ filter: /\.ts$/ }, ({ path }) => {
            const own = patches.filter(({ file }) => path === `${root}${file}`);
            let contents = readFileSync(path, "utf8");
            for (const { from, to, file } of own) {
              const place = laidOutAnyhow(from);
              if (contents.match(place)?.length !== 1)
                throw new Error(`${name}: ${JSON.stringify(from)} does not stand once in ${file}`);
              contents = contents.replace(place, () => to);
            }
            return { contents, loader: "ts" };
          });
        },
      },
    ],
  });
  return (new Function(`${result.outputFiles[0].text}\nreturn mutant;`)() as { check: typeof check }).check;
}

/** The code, however it is broken into lines: a formatter puts a comma before what closes a list on a line of its own. */
function laidOutAnyhow(code: string): RegExp {
  const tokens = code.match(/\w+|[^\w\s]/g)!.map((token) => token.replace(/[^\w]/, "\\$&"));
  return new RegExp(
    tokens.map((token, i) => (i > 0 && /[)\]}]/.test(token) ? `,?\\s*${token}` : token)).join("\\s*"),
    "g",
  );
}
