import type { CodePage } from "./codes.ts";

/** DLC3xx: rules whose answer depends on the order in which messages arrive. One code per reason of analysis.md section 2. */
export const orderCodes = {
  DLC301: {
    severity: "warning",
    title: "negation over facts that may still come",
    why: "The rule holds while a fact is absent. A fact that arrives later contradicts what was already derived, and which came first is decided by the network.",
    example: "alert(k, x) <= req(k, x), not blocked(k);",
    mend: "Seal what the negated relation is filled from by columns that the negation fixes, so that absence is tested only once nothing more can come.",
  },
  DLC302: {
    severity: "warning",
    title: "an aggregate over facts that may still come",
    why: "A count, sum or minimum over a relation that still grows is a different value after the next fact; every value it passes through may be delivered.",
    example: "poor(c, i, count()) <= clicks(c, i, _) having count() < 100;",
    mend: "Seal the source by columns of the group; or test a bound that can only become true (`having count() >= k`, the count left out of the head).",
  },
  DLC303: {
    severity: "warning",
    title: "an event meets facts that may come later",
    why: "An event lasts one step. If the facts that it joins arrive a step later, the rule never fires for them, though all of them did arrive.",
    example: "answer(a, n) <= request(a, c), poor(c, n);   // request is a channel",
    mend: "Keep the event in a table and join that; or seal the other side by the join columns, so that the event waits for it.",
  },
  DLC304: {
    severity: "warning",
    title: "a deletion races with other writes or reads of the table",
    why: "Whether a deletion comes before or after an insertion of the same fact, or before or after somebody reads it, changes what is derived.",
    example: "cart(u, x) <- drop(u, x);",
    mend: "Record what happened as facts that only grow and derive the present state from them; or seal all writers of the table by its key.",
  },
  DLC305: {
    severity: "warning",
    title: "an overwrite races with other writes or reads of the table",
    why: "The last writer wins, and which one is last depends on arrival.",
    example: "cur(k, v) <+- put(k, v);",
    mend: "Give each write a version from the data and keep the greatest; or seal the writers by the key; or let them pass through a log.",
  },
  DLC306: {
    severity: "warning",
    title: "a key may get two values",
    why: "The collection keeps one value for a key. If two arrive, the one that arrives first is kept, so replicas and runs may keep different ones.",
    example: "table kv(k: string -> v: int);   kv(k, v) <= put(k, v);",
    mend: "If producers never send two values for a key, promise it with `unique` where the facts enter; otherwise seal the source by the key.",
  },
  DLC307: {
    severity: "warning",
    title: "the plain value of a lattice that still grows",
    why: "A plain value read out of a lattice is one of the values that it passes through.",
    example: "n(k, reveal(v)) <= best(k, v);",
    mend: "Use a monotone test on the lattice, or seal what it is merged from.",
  },
  DLC308: {
    severity: "warning",
    title: "it shows when a timer fired",
    why: "A timer fires at a moment of real time. Meeting a relation that changes, it picks one of its states; no order of messages makes two runs agree on it.",
    example: "late(x) <= tick(), pending(x), not done(x);",
    mend: "Let the timer meet only relations that grow, or declare the output `any` or `agreed`.",
  },
  DLC309: {
    severity: "warning",
    title: "imported code whose answers may depend on order",
    why:
      "An imported aggregate or function gets a group or a lattice value that may still grow, and no claim says how one result follows from the other, so that everything the rule " +
      "depends on has to pass through one log. An aggregate that is claimed to be `commutative` is judged like a built-in one (DLC302), each group by itself. " +
      "A path of a component that is declared `OR` or `OW` says of itself that its answers depend on what has come before, within its gate.",
    example:
      'aggregate median(x: float): float from "./stats.ts";\n' +
      "role A { input s(k: string, x: float); table sample(k: string, x: float); sample <= s;\n" +
      "  output m(k: string, x: float); m(k, median(x)) <= sample(k, x); }",
    mend:
      "Seal the source by columns of the group or gate: of a group that is closed an aggregate gets all rows at once, and needs no claim, and so does a component. " +
      "Or claim what the code keeps (`monotone`, `morphism`); declare the path `CR` or `CW` if order does not matter to it.",
  },
  DLC310: {
    severity: "warning",
    title: "a fact stays at one replica",
    why: "Replicas are meant to agree, but what stems from one instance's input, timer, own address or a message to one address is known there alone, and stays so.",
    example: "role R replicated x3 { input add(x: int); output o(x: int); o(x) <= add(x); }",
    mend: "Send the fact to the whole role through a channel: `R.put(x) <~ add(x);`.",
  },
  DLC311: {
    severity: "warning",
    title: "a seal rule that can run ahead of what it seals",
    why: "Channels are unordered: the message that triggers the seal may overtake facts that the seal says are complete; they are then refused, or not, by schedule.",
    example: "seal Report.click(campaign: c) <~ over(c);   // over is a channel",
    mend: "Derive seals from inputs of the same instance, or from relations that are closed for the value.",
  },
  DLC320: {
    severity: "warning",
    title: "a group or join across partitions",
    why: "In a partitioned role each instance holds only the facts that it owns. A group or join without the partition columns ranges over one instance's share.",
    example:
      "role W partitioned by (word) { channel seen(word: string); output total(n: int); total(count()) <= seen(_); }",
    mend: "Keep the partition columns in the group, or send the shares to one place and combine them there.",
  },
} as const satisfies Record<string, CodePage>;
