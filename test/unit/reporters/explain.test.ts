import { describe, expect, it } from 'vitest';
import { withNetworkAt } from '../../../src/domain/slower-network.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { timelineOf } from '../../../src/evaluate/timeline.ts';
import { escaped } from '../../../src/reporters/escaped.ts';
import { estimateTable } from '../../../src/reporters/estimate-table.ts';
import { foldedLayers, hostsWords } from '../../../src/reporters/explain-blocks.ts';
import { lettersOf, memoryBars } from '../../../src/reporters/memory-bars.ts';
import { stepTable } from '../../../src/reporters/step-table.ts';
import { timelineSvg } from '../../../src/reporters/svg.ts';
import { textTimeline } from '../../../src/reporters/text-timeline.ts';
import { timeClasses } from '../../../src/reporters/time-classes.ts';
import { traceText } from '../../../src/reporters/trace.ts';
import { changesOf, linkEffects } from '../../../src/session/changes/changes.ts';
import { explained } from '../../../src/session/explain.ts';
import { GiB } from '../../../src/units/quantity.ts';
import { DENSE, MIXED, planned } from '../frameworks/fixture.ts';
import { expectNarrow, NARROW, tableOf, UNEVEN, unwrapped } from './fixture.ts';

const PLAN = planned(MIXED, UNEVEN);
const COSTED = estimate(MIXED, PLAN);
const WHOLE = timelineOf(MIXED, PLAN);

describe('where each millisecond goes', () => {
  const rows = tableOf(stepTable(COSTED.time), 'where the step goes');
  const number = (text: string) => Number(text.replaceAll(',', ''));

  it('adds up to the step, to the last digit, by part and by class', () => {
    const lines = stepTable(COSTED.time).split('\n').slice(1);
    const classes = lines.filter((line) => !line.startsWith(' '));
    const cells = classes.map((line) => line.trim().split(/ {2,}/));
    const step = number(cells.at(-1)![1]!);
    const sum = cells.slice(0, -1).reduce((all, [, ms]) => all + number(ms!), 0);
    expect(Math.round(1e6 * sum)).toBe(Math.round(1e6 * step));
    expect(step / (1e3 * COSTED.stepSeconds)).toBeCloseTo(1, 4);
    let own = 0;
    for (const line of [...lines].reverse()) {
      const [, ms] = line.trim().split(/ {2,}/);
      if (line.startsWith(' ')) own += number(ms!);
      else if (own > 0) {
        expect(own).toBeCloseTo(number(ms!), 6);
        own = 0;
      }
    }
  });

  it('has the degree that each exposed part is paid for', () => {
    const names = rows.map(([name]) => name);
    expect(names).toContain('tensor-parallel communication (TP)');
    expect(names).toContain('pipeline bubble (PP)');
  });

  it.each(['tp=8,pp=4,dp=2', 'tp=4,cp=2,pp=4,dp=2,vpp=2', 'tp=8,dp=8,zero=3,recompute=full'])(
    'knows the class of every part of %s',
    (configuration) => {
      const { time } = estimate(DENSE, planned(DENSE, configuration));
      expect(timeClasses(time).map(({ name }) => name)).not.toContain('models beside');
    },
  );
});

describe('memory bars', () => {
  const lines = memoryBars(MIXED, COSTED.stages, NARROW).split('\n');
  const bars = lines.filter((line) => /^\d /.test(line));

  it('are as long as the device figures, and end at the limit', () => {
    const [, unit] = /a mark is ([\d.]+) GiB/.exec(unwrapped(lines.join('\n')))!;
    for (const [i, { memory }] of COSTED.stages.entries()) {
      const bar = bars[i]!.replace(/^\d \S+ +/, '');
      const used = bar.replaceAll(/[·|]/g, '').length;
      expect(Math.abs(used - memory.deviceBytes / GiB / Number(unit))).toBeLessThan(1.5);
      const limit = bar.indexOf('|');
      expect(Math.abs(limit - memory.limitBytes / GiB / Number(unit))).toBeLessThan(1.5);
    }
    expectNarrow(lines.join('\n'), NARROW.columns);
  });

  it('have a letter of its own for each part', () => {
    const letters = lettersOf(['weights', 'activations', 'allocator reserve', 'wage', 'aa']);
    expect(new Set(letters.values()).size).toBe(5);
    expect(letters.get('weights')).toBe('w');
  });
});

describe('the timeline in letters', () => {
  it('has a line for each stage, whose letters are what it does', () => {
    const short = timelineOf(MIXED, PLAN, 100);
    const lines = textTimeline(MIXED, short, NARROW)
      .split('\n')
      .filter((line) => line.startsWith('stage'));
    expect(lines).toHaveLength(4);
    for (const [i, line] of lines.entries()) {
      const letters = line.replace(/^stage \d \S+ +/, '');
      expect(letters).toMatch(/^[FB·=]+$/);
      // Later stages wait for the first.
      expect(/^·*/.exec(letters)![0].length > 0).toBe(i > 0);
    }
    expect(unwrapped(textTimeline(MIXED, short, NARROW))).toContain('micro-batches drawn');
    expectNarrow(textTimeline(MIXED, short, NARROW), NARROW.columns);
  });
});

describe('the trace', () => {
  interface Event {
    readonly ph: string;
    readonly pid: number;
    readonly tid: number;
    readonly name: string;
    readonly id?: string;
    readonly ts: number;
    readonly dur: number;
    readonly args: { readonly GiB: number; readonly name: string };
  }
  const text = traceText(MIXED, WHOLE);
  const { traceEvents } = JSON.parse(text) as { readonly traceEvents: readonly Event[] };
  const of = (ph: string) => traceEvents.filter((event) => event.ph === ph);

  it('has a process for each stage, and every pass', () => {
    const names = of('M').filter(({ name }) => name === 'process_name');
    expect(names.map(({ args }) => args.name)).toEqual(
      WHOLE.rows.map(({ index, group }) => `stage ${index}: ${MIXED.cluster.groups[group]!.gpu.id}`),
    );
    const passes = WHOLE.rows.reduce((sum, row) => sum + row.passes.length + WHOLE.ending.length, 0);
    expect(of('X')).toHaveLength(passes);
    const last = Math.max(...of('X').map(({ ts, dur }) => ts + dur));
    expect(last / (1e6 * COSTED.stepSeconds)).toBeCloseTo(1, 6);
  });

  it('has slices of a thread one after the other, transfers in pairs, memory to its peak', () => {
    const ends = new Map<string, number>();
    for (const { pid, tid, ts, dur } of of('X')) {
      const thread = `${pid}/${tid}`;
      expect(ts).toBeGreaterThanOrEqual((ends.get(thread) ?? 0) - 0.0021);
      ends.set(thread, ts + dur);
    }
    const ids = (ph: string) => of(ph).map(({ id }) => id);
    expect(ids('b').length).toBeGreaterThan(0);
    expect(ids('b')).toEqual(ids('e'));
    const peaks = WHOLE.rows.map((_, pid) =>
      Math.max(
        ...of('C')
          .filter((one) => one.pid === pid)
          .map(({ args }) => args.GiB),
      ),
    );
    for (const [i, peak] of peaks.entries())
      expect(peak / (COSTED.stages[i]!.memory.allocatedBytes / GiB)).toBeCloseTo(1, 3);
  });

  it('is the same bytes twice', () => {
    expect(traceText(MIXED, timelineOf(MIXED, PLAN))).toBe(text);
  });
});

describe('the picture', () => {
  const hostile = {
    ...MIXED,
    model: { ...MIXED.model, name: '</title><script>alert(1)</script>' },
    cluster: { ...MIXED.cluster, name: '<img src=x onerror="alert(1)">&\u0007' },
  };
  const svg = timelineSvg(hostile, timelineOf(MIXED, PLAN, 300), COSTED.stepSeconds);

  it('escapes every text', () => {
    expect(svg).not.toMatch(/<script|<img/);
    expect(svg).not.toContain('\u0007');
    expect(svg).toContain('&lt;script&gt;');
    expect(escaped(`<&>"'`)).toBe('&lt;&amp;&gt;&quot;&#39;');
  });

  it('has each tag closed and a bar for each pass', () => {
    const bars = timelineOf(MIXED, PLAN, 300).rows.reduce((sum, { passes }) => sum + passes.length, 0);
    expect(svg.match(/(forward|backward) of micro-batch/g)).toHaveLength(bars);
    const open: string[] = [];
    for (const [, close, name, alone] of svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)) {
      if (alone === '/') continue;
      if (close === '/') expect(open.pop()).toBe(name);
      else open.push(name!);
    }
    expect(open).toEqual([]);
  });
});

describe('the explanation', () => {
  const SLOW = planned(DENSE, 'tp=8,pp=4,dp=2,layers=26/18/18/18,recompute=full');
  const costed = estimate(DENSE, SLOW);
  const explanation = explained(DENSE, SLOW, costed, null, 100);
  const text = estimateTable(DENSE, SLOW, costed, { inferred: [] }, NARROW, true, explanation);

  it('names bottlenecks, seats, the even split, and what to change first', () => {
    const all = unwrapped(text);
    expect(all).toMatch(/Bottleneck stage: stage 0 \(h100-sxm, 26 layers\) works [\d.]+% of/);
    expect(all).toMatch(/Bottleneck link: nvlink4 inside the nodes of h100; twice its rate would save/);
    expect(all).toContain('0 26 layers: h100-0, h100-1, GPUs 0-7');
    expect(all).toMatch(/Even split: .*: this plan is|Even split: .*× as fast as this plan/);
    expect(all).toMatch(/What to change first −[\d.]+% /);
    expectNarrow(text, NARROW.columns);
  });

  it('tells changes from the fastest on, each with the step that its own configuration takes', () => {
    const { changes } = explanation;
    expect(changes.length).toBeGreaterThan(10);
    const seconds = changes.map(({ stepSeconds }) => stepSeconds);
    expect(seconds).toEqual([...seconds].sort((a, b) => a - b));
    for (const one of changes.filter(({ kind }) => kind === 'configuration').slice(0, 8)) {
      const again = estimate(DENSE, planned(DENSE, one.configuration));
      expect(again.stepSeconds).toBeCloseTo(one.stepSeconds, 12);
      expect(one.effect).toBeCloseTo(again.stepSeconds / costed.stepSeconds - 1, 12);
      const room = Math.min(...again.stages.map(({ memory }) => memory.limitBytes - memory.deviceBytes));
      expect(one.roomBytes).toBe(room);
    }
    // The layer that is one too many, and recomputation that is not needed.
    expect(changes.some(({ what, effect }) => what === 'layers=25/19/18/18' && effect < 0)).toBe(true);
    expect(changes.some(({ what, effect }) => what.startsWith('recompute=') && effect < 0)).toBe(true);
  });

  it('knows what cards are worth to a plan that waits for its network', () => {
    const slow = { ...DENSE, cluster: withNetworkAt(0.05, DENSE.cluster) };
    const sharded = planned(slow, 'dp=64,zero=3,recompute=full');
    const now = estimate(slow, sharded);
    const changes = changesOf(slow, sharded, now, null);
    const effect = (words: RegExp) => changes.find(({ what }) => words.test(what))!.effect;
    const [card, next] = [effect(/^one more NIC a node on h100 \(8 → 9/), effect(/^ib-.* in place of ib-/)];
    expect(card).toBeLessThan(0);
    expect(next).toBeLessThan(card);
    expect(linkEffects(slow, sharded, now)[0]!.link).toBe('8 × ib-ndr400 of each node of h100');
  });

  it('of a plan that does not fit begins with what makes it fit', () => {
    const full = planned(DENSE, 'tp=4,pp=4,dp=4,micro-batch=4,zero=0');
    const cost = estimate(DENSE, full);
    expect(cost.verdict).toBe('does-not-fit');
    const why = explained(DENSE, full, cost, null, 100);
    const words = unwrapped(estimateTable(DENSE, full, cost, { inferred: [] }, NARROW, true, why));
    expect(words).toMatch(/What to change first, so that it fits [−+][\d.]+% .*: (fits|tight) by [\d.]+ GiB/);
    const without = { ...why, changes: why.changes.filter((one) => one.verdict === 'does-not-fit') };
    expect(unwrapped(estimateTable(DENSE, full, cost, { inferred: [] }, NARROW, true, without))).toMatch(
      /nothing a step away fits; the closest to it [−+][\d.]+% .*: lacks [\d.]+ GiB on stage \d/,
    );
  });
});

describe('words', () => {
  it('fold runs of layers as they may be typed', () => {
    expect(foldedLayers('pp=6,layers=9/9/9/26/27')).toBe('pp=6,layers=9×3/26/27');
    expect(foldedLayers('recompute=full')).toBe('recompute=full');
  });

  it('fold hosts with the same GPUs', () => {
    const run = (host: string, gpus: number[]) => ({ host, group: 'g', gpus });
    expect(hostsWords([run('a', [0, 1, 2, 3]), run('b', [0, 1, 2, 3]), run('c', [0, 1, 2, 3])])).toBe(
      'a … c (3 hosts), GPUs 0-3',
    );
    expect(hostsWords([run('a', [0]), run('b', [1, 3])])).toBe('a, GPU 0; b, GPUs 1,3');
  });
});
