import { describe, expect, it } from 'vitest';
import type { Io } from '../../../src/cli/io.ts';
import { watchOf } from '../../../src/cli/watch.ts';

/** A clock that is set, and what was printed to standard error. */
function watched(over: Partial<Io> = {}, { quiet = false, seconds = Number.POSITIVE_INFINITY } = {}) {
  let now = 0;
  const printed: string[] = [];
  const io = {
    terminal: false,
    now: () => now,
    interrupted: () => false,
    breathe: async () => {},
    stderr: (text: string) => void printed.push(text),
    ...over,
  };
  const watch = watchOf(io as Io, { quiet, seconds });
  const at = (second: number) => {
    now = 1000 * second;
  };
  return { watch, at, printed };
}

const FOUND = { evaluated: 1234, share: 0.5, bestSeconds: 4.213 };

describe('progress', () => {
  it('is a line every 30 s where nobody watches one change', () => {
    const { watch, at, printed } = watched();
    watch.at({ what: 'dgx-a100-64, 2 of 4', share: 0.25, part: 0.25 });
    at(20);
    watch.progress(FOUND);
    expect(printed).toEqual([]);
    at(30);
    watch.progress(FOUND);
    at(45);
    void watch.pause();
    // 37.5% in 30 s: 50 s for the rest.
    const line = (time: string, left: string) =>
      `${time}, 37.5% done, about ${left} left; dgx-a100-64, 2 of 4: 1,234 costed, best 4.21 s\n`;
    expect(printed).toEqual([line('30.0 s', '50.0 s')]);
    at(60);
    void watch.pause();
    watch.end();
    expect(printed).toEqual([line('30.0 s', '50.0 s'), line('60.0 s', '100 s')]);
  });

  it('is one line that changes on a terminal, no wider than it, and cleared at the end', () => {
    const { watch, at, printed } = watched({ terminal: true, errorColumns: 40 });
    at(1);
    watch.progress({ evaluated: 5, share: 0, bestSeconds: null });
    watch.end();
    expect(printed).toEqual(['\r1.00 s, 0.0% done; 5 costed, none yet\u001b[K', '\r\u001b[K']);
    at(2);
    watch.progress(FOUND);
    expect(printed.at(-1)).toBe('\r2.00 s, 50.0% done, about 2.00 s left; \u001b[K');
  });

  it('is not shown where --quiet asks for none', () => {
    const { watch, at, printed } = watched({ terminal: true }, { quiet: true });
    at(100);
    watch.progress(FOUND);
    watch.end();
    expect(printed).toEqual([]);
  });

  it('begins anew with the next search', () => {
    const { watch, at, printed } = watched();
    watch.progress(FOUND);
    watch.at({ what: 'next', share: 0.5, part: 0.5 });
    at(40);
    void watch.pause();
    expect(printed).toEqual(['40.0 s, 50.0% done, about 40.0 s left; next: 0 costed, none yet\n']);
  });
});

describe('a time limit', () => {
  it('ends all searches, and shares what is left among those that share it', () => {
    const { watch, at } = watched({}, { seconds: 60 });
    const first = watch.interruptedFirstOf(3);
    at(19);
    expect(first()).toBeNull();
    at(21);
    expect(first()).toBe('time-limit');
    // It began late: 39 s for two.
    const second = watch.interruptedFirstOf(2);
    at(40);
    expect(second()).toBeNull();
    at(41);
    expect(second()).toBe('time-limit');
    expect(watch.interrupted()).toBeNull();
    at(61);
    expect(watch.interrupted()).toBe('time-limit');
  });

  it('is none where none was said', () => {
    const { watch, at } = watched();
    at(1e9);
    expect(watch.interruptedFirstOf(3)()).toBeNull();
    expect(watch.interrupted()).toBeNull();
  });

  it('gives way to a signal', () => {
    const { watch } = watched({ interrupted: () => true });
    expect(watch.interrupted()).toBe('interrupt');
  });
});
