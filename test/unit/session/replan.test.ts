import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { deviceCount } from '../../../src/domain/cluster.ts';
import { type Plan, replicasOf } from '../../../src/domain/plan.ts';
import type { Problem } from '../../../src/domain/problem.ts';
import { withoutHosts } from '../../../src/domain/without-hosts.ts';
import { estimate } from '../../../src/evaluate/estimate.ts';
import { countParameters } from '../../../src/layers/parameters.ts';
import { checkpointBytes } from '../../../src/reliability/checkpoint.ts';
import { heldStates } from '../../../src/reliability/held-states.ts';
import { bytesHeld, movesBetween, survives } from '../../../src/reliability/moves.ts';
import { modelBytes } from '../../../src/reliability/part-bytes.ts';
import { lostPlaces, rerouted, withoutCopies } from '../../../src/reliability/repairs.ts';
import { replanSchema } from '../../../src/schema/replan.ts';
import { search } from '../../../src/search/search.ts';
import { type ReplanAsked, replan } from '../../../src/session/replan.ts';
import { problem } from '../../fixtures/problem.ts';
import { run, SMALL } from '../../fixtures/run.ts';
import { planned } from '../frameworks/fixture.ts';

const P = problem('llama-3.2-3b', 'dgx-a100-64', { sequenceLength: 2048 });
const LOST = new Set(['a100-7']);
const NONE: ReadonlySet<string> = new Set();
const ASKED: ReplanAsked = {
  lost: LOST,
  launcher: null,
  restartSeconds: 300,
  repairSeconds: 86_400,
  storage: null,
  spares: 0,
};
const held = (text: string | Plan, on: Problem = P) =>
  heldStates(on, typeof text === 'string' ? planned(on, text) : text, modelBytes(on));
const whole = checkpointBytes(P, { schedule: '1f1b' });

describe('a cluster without some hosts', () => {
  it('has the others, numbered anew', () => {
    const left = withoutHosts(P.cluster, new Set(['a100-2', 'a100-5']));
    expect(deviceCount(left)).toBe(48);
    expect(left.groups[0]!.hosts).toEqual(['a100-0', 'a100-1', 'a100-3', 'a100-4', 'a100-6', 'a100-7']);
  });

  it('loses groups whole, with their links, and keeps what was measured between the others', () => {
    const { cluster } = problem('llama-3.2-3b', 'mixed-a100-v100');
    const [first, second] = cluster.groups;
    const gone = withoutHosts(cluster, new Set(first!.hosts));
    expect(gone.groups).toHaveLength(1);
    expect(gone.groups[0]).toMatchObject({ id: second!.id, index: 0, firstDevice: 0 });
    expect(gone.links).toEqual([]);
    const nodes = first!.nodes + second!.nodes;
    const bandwidth = Array.from({ length: nodes }, (_, i) =>
      Array.from({ length: nodes }, (_, j) => 10 * i + j + 1),
    );
    const measured = { ...cluster, measured: { bandwidth, latency: null, perFlow: null } };
    const left = withoutHosts(measured, new Set([first!.hosts[1]!]));
    expect(left.measured!.bandwidth[1]![0]).toBe(bandwidth[2]![0]);
    expect(left.groups[1]!.firstDevice).toBe(cluster.groups[1]!.firstDevice - first!.gpusPerNode);
  });
});

describe('states on GPUs', () => {
  it.each([
    ['tp=8,pp=8,dp=1,micro-batch=1', 1],
    ['tp=4,pp=8,dp=2,micro-batch=1,zero=0', 2],
    ['tp=8,pp=2,dp=4,micro-batch=1,zero=3', 1],
    ['tp=2,pp=2,cp=2,dp=8,micro-batch=1,zero=3,dp-replicate=2', 2],
  ])('of %s are the whole model %i times', (text, times) => {
    expect(bytesHeld(held(text)) / whole).toBeCloseTo(times, 9);
  });

  it('of a sparse model too, experts over their own ranks', () => {
    const sparse = problem('deepseek-v2-lite', 'dgx-a100-64');
    const text = 'tp=2,pp=1,dp=32,ep=8,etp=1,micro-batch=1,zero=3';
    const all = bytesHeld(held(text, sparse)) / checkpointBytes(sparse, { schedule: '1f1b' });
    expect(all).toBeCloseTo(1, 6);
  });

  it.each([
    ['tp=8,pp=2,dp=4,micro-batch=1,zero=0', true],
    ['tp=8,pp=2,dp=4,micro-batch=1,zero=1', false],
    ['tp=8,pp=2,dp=4,micro-batch=1,zero=1,dp-replicate=2', true],
    ['tp=8,pp=8,dp=1,micro-batch=1', false],
  ])('of %s survive a host: %s', (text, yes) => {
    expect(survives(held(text), LOST)).toBe(yes);
    expect(survives(held(text), NONE)).toBe(true);
  });
});

describe('what moves', () => {
  const moved = (from: string, to: string, lost = NONE) =>
    movesBetween(held(from), held(to), lost, P.cluster).bytes;
  const SPLIT = 'tp=8,pp=4,dp=2,micro-batch=1,zero=0';

  it('is nothing between a plan and itself', () => {
    expect(moved(SPLIT, SPLIT)).toBe(0);
  });

  it('is 14 bytes of each parameter of the layers that change their stage, on each copy', () => {
    const { kinds } = countParameters(P.model);
    const layer = Object.values(kinds[0]!.perLayer).reduce((a, b) => a + b, 0);
    expect(moved(`${SPLIT},layers=7/7/7/7`, `${SPLIT},layers=6/8/7/7`)).toBeCloseTo(2 * 14 * layer, 0);
    expect(moved(`${SPLIT},layers=7/7/7/7`, `${SPLIT},layers=7/7/9/5`)).toBeCloseTo(2 * 2 * 14 * layer, 0);
  });

  it('is what a host held where another takes its place, and comes in by its cards', () => {
    const before = held(SPLIT);
    const left = new Map([...before].filter(([gpu]) => !gpu.startsWith('a100-7/')));
    const there = new Map([...before].filter(([gpu]) => gpu.startsWith('a100-7/')));
    const { bytes, seconds } = movesBetween(left, before, LOST, P.cluster);
    expect(bytes).toBeCloseTo(bytesHeld(there), 0);
    const { nic } = P.cluster.groups[0]!;
    expect(seconds).toBeCloseTo(bytes / (nic.perNode * nic.link.bandwidth * nic.link.efficiency), 9);
  });

  it('is what is new of a tensor that is split otherwise', () => {
    // Of eight slices each GPU keeps one, and needs four of them, the same layers and copies.
    const [wide, narrow] = ['tp=8,pp=1,dp=8,micro-batch=1,zero=0', 'tp=4,pp=1,dp=16,micro-batch=1,zero=0'];
    const half = moved(wide, narrow) / (16 * whole);
    expect(half).toBeGreaterThan(0.4);
    expect(half).toBeLessThan(1);
    expect(moved(narrow, wide)).toBeLessThan(moved(wide, narrow));
  });
});

describe('going on with nothing moved', () => {
  const plan = planned(P, 'tp=2,pp=2,dp=16,micro-batch=1,zero=0');
  const costed = estimate(P, plan);
  const gone = lostPlaces(P, plan, LOST);

  it('knows the ranks on the lost host', () => {
    expect(gone).toHaveLength(8);
    expect(new Set(gone.map(({ stage }) => stage))).toEqual(new Set([1]));
  });

  it('reroutes micro-batches to d − k of d copies, through the bubble', () => {
    const { stepSeconds } = rerouted(plan, costed, gone) as { stepSeconds: number };
    // Four of the last stage's 16 copies: a third more of what each does in all passes, less its bubble.
    const { time } = costed;
    const bubble = time['pipeline bubble']!;
    const once = ['gradient reduction', 'parameter gathering', 'optimizer', 'step overhead'];
    const busy = costed.stepSeconds - bubble - once.reduce((sum, key) => sum + time[key]!, 0);
    expect(replicasOf(plan.pipelines[0]!.stages[1]!)).toBe(16);
    expect(stepSeconds - costed.stepSeconds).toBeCloseTo(Math.max(0, busy / 3 - bubble), 9);
    // One of 16 of a pipeline with much to wait goes into its bubble whole.
    const idle = { ...costed, time: { ...time, 'pipeline bubble': busy } };
    expect(rerouted(plan, idle, gone.slice(0, 2))).toMatchObject({ stepSeconds: costed.stepSeconds });
  });

  it('leaves copies out: (R − k)/R of the batch', () => {
    expect(withoutCopies(plan, costed, gone)).toEqual({
      stepSeconds: costed.stepSeconds,
      batchShare: 12 / 16,
    });
    const sets = planned(P, 'tp=2,pp=2,dp=16,micro-batch=1,zero=1,dp-replicate=4');
    const one = lostPlaces(P, sets, LOST);
    expect(withoutCopies(sets, estimate(P, sets), one)).toMatchObject({ batchShare: 3 / 4 });
  });

  it.each([
    ['tp=2,pp=2,dp=16,micro-batch=1,zero=1', 'whole-states', 'replica-sets'],
    ['tp=8,pp=8,dp=1,micro-batch=1,zero=0', 'whole-states', 'replica-sets'],
  ])('%s cannot', (text, reroute, drop) => {
    const other = planned(P, text);
    const lost = lostPlaces(P, other, LOST);
    expect(rerouted(other, estimate(P, other), lost)).toMatchObject({ rule: reroute });
    expect(withoutCopies(other, estimate(P, other), lost)).toMatchObject({ rule: drop });
  });
});

describe('a new plan', () => {
  const plan = planned(P, 'tp=2,pp=2,dp=16,micro-batch=1,zero=0');
  const found = replan(P, plan, { ...ASKED, spares: 1 });
  const of = (id: string) => found.repairs.find((one) => one.id === id)!;

  it('is what a fresh search finds on what is left, free or under the rules of the migration', () => {
    const rest = { ...P, cluster: withoutHosts(P.cluster, LOST) };
    const [free] = search(rest, { top: 1 }).plans;
    expect(of('best').plan!.plan).toEqual(free!.plan);
    expect(found.rules.counts).toEqual({ cp: 1, ep: 1, etp: 1, tp: 2 });
    expect(found.rules.techniques).toEqual({ zero: 0 });
    const [ruled] = search(rest, { top: 1, fix: found.rules }).plans;
    expect(of('same-shards').plan!.plan).toEqual(ruled!.plan);
    expect(of('same-shards').stepSeconds).toBeGreaterThanOrEqual(of('best').stepSeconds);
  });

  it('and each way yields what its step, its moves and its time down leave, the most first', () => {
    expect(found.survives).toBe(true);
    expect(found.repairs.map(({ id }) => id).sort()).toEqual([
      ...['best', 'drop-copies', 'reroute', 'same-shards', 'spare'],
    ]);
    for (const one of found.repairs) {
      expect(one.yield).toBeCloseTo(one.tokensPerSecond * (1 - one.downSeconds / 86_400), 6);
      expect(one.fromCheckpoint).toBe(false);
    }
    const yields = found.repairs.map((one) => one.yield);
    expect(yields).toEqual([...yields].sort((a, b) => b - a));
    expect(of('spare').tokensPerSecond).toBe(found.before.estimate.tokensPerSecond);
    expect(of('spare').downSeconds).toBe(300 + of('spare').movedSeconds);
    expect(of('drop-copies').tokensPerSecond / found.before.estimate.tokensPerSecond).toBeCloseTo(0.75, 9);
    expect(of('reroute').movedBytes).toBe(0);
  });

  it('goes back to a checkpoint where states are lost, at the rate of storage', () => {
    const sharded = planned(P, 'tp=2,pp=2,dp=16,micro-batch=1,zero=1');
    const { survives: kept, repairs } = replan(P, sharded, { ...ASKED, storage: 1e9 });
    expect(kept).toBe(false);
    const [best] = repairs;
    expect(best!.fromCheckpoint).toBe(true);
    expect(best!.movedSeconds).toBe(best!.movedBytes / 1e9);
  });

  it('is not needed where the plan has no GPU on the host', () => {
    const small = planned(P, 'tp=2,pp=2,dp=8,micro-batch=1');
    expect(replan(P, small, ASKED)).toMatchObject({ lostRanks: 0, repairs: [], refused: [] });
  });

  it('is none where no host is left', () => {
    const all = new Set(P.cluster.groups.flatMap(({ hosts }) => hosts));
    expect(() => replan(P, plan, { ...ASKED, lost: all })).toThrow('--lost names every host');
  });
});

describe('on the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'replan-'));
  const file = join(folder, 'plan.json');
  const planFile = async () => {
    const argv = ['plan', 'llama-3.2-1b', 'dgx-a100-64', ...SMALL, '--launcher', 'megatron'];
    const { out } = await run([...argv, '--top', '1', '--no-cache', '--json', '--fix', 'pp=2']);
    writeFileSync(file, out);
    return file;
  };

  it('says what moves and what each way yields, in a table and in JSON, and writes the new job', async () => {
    await planFile();
    const argv = ['replan', file, '--lost', 'a100-[6-7]', '--spares', '2'];
    const { code, out } = await run(argv, { columns: 160 });
    expect(code).toBe(0);
    expect(out).toContain('48 of 64 GPUs are left');
    expect(out).toMatch(/spare host, same plan .*%/);
    expect(out).toMatch(/best plan on what is left:\n--config tp=/);
    const json = JSON.parse((await run([...argv, '--json'])).out);
    expect(violations(replanSchema, json)).toEqual([]);
    expect(json.lost).toEqual(['a100-6', 'a100-7']);
    expect(json.repairs.length + json.refused.length).toBe(5);
    const emitted = join(folder, 'job');
    await run([...argv, '--launcher', 'megatron', '--emit', emitted]);
    expect(readdirSync(emitted)).toContain('launch.sh');
  });

  it.each([
    [['--lost', 'a100-77'], '--lost names "a100-77"'],
    [['--lost', 'a100-7', '--repair', 'soon'], '--repair is "soon"'],
    [['--lost', 'a100-7', '--storage', '5s'], '--storage is "5s"'],
  ])('%s is refused', async (more, message) => {
    await planFile();
    const { code, err } = await run(['replan', file, ...more]);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });
});
