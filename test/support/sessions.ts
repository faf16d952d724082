/** Commands of pages that are to be typed: each block is run by one session, in which every command of it has its place. */
import { describe, expect, test } from "vitest";
import type { Block } from "./pages.ts";

export interface Session {
  /** What the machine has to have. */
  readonly needs?: boolean;
  /** `next` gives the commands of the block, one after the other. */
  readonly run: (next: () => string) => Promise<void> | void;
}

/** `sessions`: by the first command of a block, what runs all of it. `patience`: ms. */
export function testCommands(
  blocks: readonly Block[],
  sessions: Readonly<Record<string, Session>>,
  patience?: number,
): void {
  describe("a command", () => {
    test("of every page is in a session, and no session is of a page that is no more", () => {
      expect(blocks.map(firstOf).toSorted()).toEqual(Object.keys(sessions).toSorted());
    });

    for (const block of blocks) {
      const session = sessions[firstOf(block)];
      if (session === undefined) continue;
      test.skipIf(session.needs === false)(
        `of ${block.page}:${block.line}: ${firstOf(block)}`,
        async () => {
          const rest = block.text.split("\n");
          await session.run(() => {
            expect(rest, "a command that is not on the page").not.toEqual([]);
            return rest.shift()!;
          });
          expect(rest, "a command that nothing runs").toEqual([]);
        },
        patience,
      );
    }
  });
}

const firstOf = ({ text }: Block): string => text.split("\n")[0];
