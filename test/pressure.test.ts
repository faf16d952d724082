import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Pressure } from "../src/runtime/pressure.ts";

const MANY = 1_000_000;
const HEAVY = 100 * 1024 * 1024;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function loaded(load: { waiting?: number; wantsStep?: boolean; unackedBytes?: number }) {
  const state = { waiting: 0, wantsStep: true, unackedBytes: 0, ...load };
  const heard: boolean[] = [];
  const pressure: Pressure = new Pressure({
    waiting: () => state.waiting,
    wantsStep: () => state.wantsStep,
    unackedBytes: () => state.unackedBytes,
    pause: (isPaused) => void (heard.at(-1) !== !isPaused && heard.push(!isPaused)),
    // A node takes a turn.
    wake: () => pressure.throttle(),
  });
  return { state, heard, pressure };
}

describe("peers", () => {
  test("are not heard while steps have too much to take, however long that lasts", () => {
    const { state, heard, pressure } = loaded({ waiting: MANY });
    pressure.throttle();
    vi.advanceTimersByTime(600_000);
    pressure.throttle();
    expect(heard).toEqual([false]);
    state.waiting = 10;
    pressure.throttle();
    expect(heard).toEqual([false, true]);
  });

  test("are heard when no step can take what waits: it may be for them", () => {
    const { heard, pressure } = loaded({ waiting: MANY, wantsStep: false });
    pressure.throttle();
    expect(heard).toEqual([true]);
  });

  test("are heard now and then, and ever more rarely, while others acknowledge nothing", () => {
    const { heard, pressure } = loaded({ unackedBytes: HEAVY });
    pressure.throttle();
    const times = (): number => heard.filter((isHeard) => isHeard).length;
    vi.advanceTimersByTime(1000);
    const soon = times();
    vi.advanceTimersByTime(60_000);
    expect([soon, times() - soon]).toEqual([3, 3]);
    expect(heard.at(-1)).toBe(false);
  });

  test("send as much as is acknowledged where that is less than they could, and what is kept has a bound", () => {
    const { state, heard, pressure } = loaded({ unackedBytes: 0 });
    let [most, sent, times] = [0, 0, 0];
    // Whenever they are heard they send 4 MB; a megabyte a second is acknowledged.
    for (let ms = 0; ms < 1_000_000; ms += 10) {
      vi.advanceTimersByTime(10);
      const now = heard.filter((isHeard) => isHeard).length;
      if (now > times || heard.at(-1) !== false) {
        state.unackedBytes += 4e6;
        sent += 4e6;
      }
      times = now;
      state.unackedBytes = Math.max(0, state.unackedBytes - 1e4);
      pressure.throttle();
      pressure.relieve();
      most = Math.max(most, state.unackedBytes);
    }
    expect(most).toBeLessThan(64 * 1024 * 1024 + 30e6);
    expect(sent).toBeGreaterThan(1e9);
  });

  test("in a ring do not wait for each other, however much each step sends", () => {
    const [a, b] = [loaded({ unackedBytes: HEAVY }), loaded({ unackedBytes: HEAVY })];
    const times = [0, 0];
    let took = 0;
    for (; a.state.unackedBytes + b.state.unackedBytes > 0 && took < 60_000; took += 10) {
      vi.advanceTimersByTime(10);
      for (const [i, [own, other]] of [[a, b] as const, [b, a] as const].entries()) {
        own.pressure.throttle();
        const now = own.heard.filter((isHeard) => isHeard).length;
        if (now > times[i] || own.heard.at(-1) !== false) {
          // What it takes is acknowledged, and it sends half as much on.
          const taken = Math.min(2e6, other.state.unackedBytes);
          other.state.unackedBytes -= taken;
          own.state.unackedBytes += taken > 1000 ? taken / 2 : 0;
          other.pressure.relieve();
        }
        times[i] = now;
      }
    }
    expect(took).toBeLessThan(10_000);
  });

  test("are heard as soon as enough is acknowledged, and the next pause is a short one again", () => {
    const { state, heard, pressure } = loaded({ unackedBytes: HEAVY });
    pressure.throttle();
    vi.advanceTimersByTime(5000);
    state.unackedBytes = 1;
    pressure.relieve();
    expect(heard.at(-1)).toBe(true);
    state.unackedBytes = HEAVY;
    pressure.throttle();
    expect(heard.at(-1)).toBe(false);
    const before = heard.length;
    vi.advanceTimersByTime(21);
    expect(heard.length).toBe(before + 2);
  });
});

describe("inputs", () => {
  test.each([{ waiting: MANY }, { unackedBytes: HEAVY }])("wait for room under %o", async (load) => {
    const { state, pressure } = loaded(load);
    const room = pressure.room();
    expect(room).not.toBeNull();
    Object.assign(state, { waiting: 0, unackedBytes: 0 });
    pressure.relieve();
    await room;
    expect(pressure.room()).toBeNull();
  });

  test("wait for nothing once it is over", async () => {
    const { pressure } = loaded({ unackedBytes: HEAVY });
    const room = pressure.room();
    pressure.end();
    await room;
    expect(pressure.room()).toBeNull();
  });
});
