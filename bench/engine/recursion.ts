/** Recursion and joins over rows that come in one step, and a deletion under recursion. */
import type { Row } from "../../src/runtime/program.ts";
import type { Case, CaseMaker } from "./case.ts";
import { Chains, drawing, Pairs, randomEdges } from "./columns.ts";
import { evaluatorsOf, step } from "./emitted.ts";

type Pair = readonly [number, number];

/** Hands `rows` to `input` in one step; the result is the number of facts of `counted`. */
function inOneStep(text: string, input: string, counted: string, rows: readonly Row[]): Case["emitted"] {
  const create = evaluatorsOf(text);
  return () => {
    const evaluator = create();
    return { run: () => step(evaluator, input, rows), result: () => evaluator.read(counted).length };
  };
}

function byHand(of: (rows: readonly Pair[]) => number, rows: readonly Pair[]): Case["byHand"] {
  return () => {
    let result = 0;
    return { run: () => void (result = of(rows)), result: () => result };
  };
}

const closureText = `role R {
  input edge(a: int, b: int);
  input cut(a: int, b: int);
  table e(a: int, b: int);
  scratch reach(a: int, b: int);
  e(a, b) <= edge(a, b);
  e(a, b) <- cut(a, b);
  reach(a, b) <= e(a, b);
  reach(a, c) <= reach(a, b), e(b, c);
}`;

function closureByHand(rows: readonly Pair[]): number {
  const edges = new Pairs();
  for (const [a, b] of rows) edges.add(a, b);
  return closureOf(edges).size;
}

function closureOf(edges: Pairs): Pairs {
  const from = new Chains(edges.a, edges.size);
  const reach = new Pairs();
  for (let row = 0; row < edges.size; row++) reach.add(edges.a[row], edges.b[row]);
  for (let row = 0; row < reach.size; row++) {
    const a = reach.a[row];
    for (let edge = from.first(reach.b[row]); edge >= 0; edge = from.next[edge]) reach.add(a, edges.b[edge]);
  }
  return reach;
}

const generationText = `role R {
  input parent(child: int, of: int);
  table p(child: int, of: int);
  scratch same(a: int, b: int);
  p(a, b) <= parent(a, b);
  same(a, b) <= p(a, of), p(b, of), a != b;
  same(a, b) <= p(a, x), same(x, y), p(b, y);
}`;

function generationByHand(rows: readonly Pair[]): number {
  const parents = new Pairs();
  for (const [a, b] of rows) parents.add(a, b);
  const children = new Chains(parents.b, parents.size);
  const same = new Pairs();
  for (let row = 0; row < parents.size; row++) {
    const a = parents.a[row];
    for (let other = children.first(parents.b[row]); other >= 0; other = children.next[other]) {
      if (parents.a[other] !== a) same.add(a, parents.a[other]);
    }
  }
  for (let row = 0; row < same.size; row++) {
    const y = same.b[row];
    for (let left = children.first(same.a[row]); left >= 0; left = children.next[left]) {
      const a = parents.a[left];
      for (let right = children.first(y); right >= 0; right = children.next[right]) same.add(a, parents.a[right]);
    }
  }
  return same.size;
}

const triangleText = `role R {
  input edge(a: int, b: int);
  table e(a: int, b: int);
  scratch triangles(n: int);
  e(a, b) <= edge(a, b);
  triangles(count()) <= e(a, b), e(b, c), e(a, c);
}`;

function trianglesByHand(rows: readonly Pair[]): number {
  const edges = new Pairs();
  for (const [a, b] of rows) edges.add(a, b);
  const from = new Chains(edges.a, edges.size);
  let triangles = 0;
  for (let row = 0; row < edges.size; row++) {
    const a = edges.a[row];
    for (let other = from.first(edges.b[row]); other >= 0; other = from.next[other]) {
      if (edges.has(a, edges.b[other])) triangles++;
    }
  }
  return triangles;
}

function triangles(rows: readonly Pair[]): Case["emitted"] {
  const create = evaluatorsOf(triangleText);
  return () => {
    const evaluator = create();
    return { run: () => step(evaluator, "edge", rows), result: () => evaluator.read("triangles")[0][0] as number };
  };
}

/** Edges from lower to higher numbers, none far. */
function forwardEdges(nodes: number, edges: number, seed: number): readonly Pair[] {
  const draw = drawing(seed);
  const known = new Pairs();
  const rows: Pair[] = [];
  while (rows.length < edges) {
    const a = draw(nodes - 1);
    const b = Math.min(nodes - 1, a + 1 + draw(40));
    if (known.add(a, b)) rows.push([a, b]);
  }
  return rows;
}

/** One edge at a time goes, and comes back. By hand the closure is computed anew. */
function deletion(title: string, rows: readonly Pair[], changes: number): Case {
  const create = evaluatorsOf(closureText);
  const draw = drawing(9);
  const gone = Array.from({ length: changes }, () => rows[draw(rows.length)]);
  return {
    title,
    aim: "",
    operations: { count: changes, of: "a deletion" },
    repetitions: 3,
    emitted: () => {
      const evaluator = create();
      step(evaluator, "edge", rows);
      return {
        run: () => {
          for (const edge of gone) {
            step(evaluator, "cut", [edge]);
            step(evaluator, "edge", []);
            step(evaluator, "edge", [edge]);
          }
        },
        result: () => evaluator.read("reach").length,
      };
    },
    byHand: () => {
      let result = 0;
      return {
        run: () => {
          for (const [a, b] of gone) {
            const edges = new Pairs();
            for (const [c, d] of rows) if (c !== a || d !== b) edges.add(c, d);
            const reach = closureOf(edges);
            const to = new Chains(reach.b, reach.size);
            const from = new Chains(edges.a, edges.size);
            // Back again, semi-naive from the one edge.
            edges.add(a, b);
            from.add(a, edges.size - 1);
            let done = reach.size;
            reach.add(a, b);
            for (let row = to.first(a); row >= 0; row = to.next[row]) reach.add(reach.a[row], b);
            for (; done < reach.size; done++) {
              const x = reach.a[done];
              for (let edge = from.first(reach.b[done]); edge >= 0; edge = from.next[edge]) reach.add(x, edges.b[edge]);
            }
            result = reach.size;
          }
        },
        result: () => result,
      };
    },
  };
}

export const recursionCases: readonly CaseMaker[] = [
  {
    name: "chain",
    make: () => {
      const rows = Array.from({ length: 999 }, (_, i): Pair => [i, i + 1]);
      return {
        title: "closure of a chain of 1,000",
        aim: "≤ 1.25",
        repetitions: 25,
        emitted: inOneStep(closureText, "edge", "reach", rows),
        byHand: byHand(closureByHand, rows),
      };
    },
  },
  {
    name: "closure",
    make: () => {
      const rows = randomEdges(2000, 4000, 7);
      return {
        title: "closure of 2,000 nodes, 4,000 random edges",
        aim: "≤ 1.25",
        repetitions: 5,
        emitted: inOneStep(closureText, "edge", "reach", rows),
        byHand: byHand(closureByHand, rows),
      };
    },
  },
  {
    name: "generation",
    make: () => {
      const draw = drawing(3);
      const rows = Array.from({ length: 2400 }, (_, i): Pair => [i + 1, draw(Math.max(1, Math.floor(i / 2) + 1))]);
      return {
        title: "same generation, a family of 2,400",
        aim: "≤ 1.25",
        repetitions: 11,
        emitted: inOneStep(generationText, "parent", "same", rows),
        byHand: byHand(generationByHand, rows),
      };
    },
  },
  {
    name: "triangles",
    make: () => {
      const rows = randomEdges(3000, 90_000, 5);
      return {
        title: "triangles, 3,000 nodes, 90,000 edges",
        aim: "≤ 1.25",
        repetitions: 21,
        emitted: triangles(rows),
        byHand: byHand(trianglesByHand, rows),
      };
    },
  },
  {
    name: "deletion",
    make: () =>
      deletion("deletion of one edge under a closure, 900 nodes, 1,800 forward edges", forwardEdges(900, 1800, 11), 20),
  },
];
