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

  test("are heard soon again where something has been acknowledged", () => {
    const { state, heard, pressure } = loaded({ unackedBytes: HEAVY });
    pressure.throttle();
    const times = (): number => heard.filter((isHeard) => isHeard).length;
    // In a ring each hears the other now and then, and something gets acknowledged.
    for (let second = 0; second < 60; second++) {
      vi.advanceTimersByTime(1000);
      state.unackedBytes -= 1;
    }
    expect(times()).toBeGreaterThan(100);
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
