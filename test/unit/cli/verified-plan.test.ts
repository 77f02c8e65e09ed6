import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const folder = mkdtempSync(join(tmpdir(), 'shardwright-edited-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const EXAMPLE = readFileSync('configs/examples/llama-3.1-70b-64xh100.json', 'utf8');

/** biome-ignore lint/suspicious/noExplicitAny: what an editor may do to JSON. */
type Edited = any;

async function emitted(edit: (file: Edited) => void) {
  const file = JSON.parse(EXAMPLE);
  edit(file);
  const path = join(folder, 'plan.json');
  writeFileSync(path, JSON.stringify(file, null, 2));
  const out = ['--out', join(folder, 'out'), '--force'];
  return run(['emit', path, '--to', file.launchers[0], ...out], { cwd: process.cwd() });
}

describe('a plan file', () => {
  it('is emitted as it was printed, without a word', async () => {
    const { code, err } = await emitted(() => {});
    expect(code).toBe(0);
    expect(err).not.toContain('note:');
  });

  it.each<[string, (file: Edited) => void, RegExp]>([
    ['a batch of none', (file) => (file.problem.globalBatchSize = 0), /the plan breaks batch-once/],
    ['another batch', (file) => (file.problem.globalBatchSize += 64), /the plan breaks /],
    [
      'micro-batches that do not sum',
      (file) => (file.plans[0].plan.pipelines[0].stages[0].replicas[0].microBatches += 1),
      /the plan breaks /,
    ],
    [
      'a layer less',
      (file) => (file.plans[0].plan.pipelines[0].stages.at(-1).chunks.at(-1).end -= 1),
      /the plan breaks /,
    ],
    ['a degree of its own', (file) => (file.plans[0].plan.dims.cp *= 2), /the plan breaks /],
    ['a precision that nobody has', (file) => (file.problem.precision = 'int3'), /precision/],
    ['a schedule that nobody has', (file) => (file.plans[0].plan.schedule = 'mine'), /schedule/],
  ])('with %s is refused', async (_, edit, message) => {
    const { code, err } = await emitted(edit);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });

  it.each<[string, (file: Edited) => void, RegExp]>([
    [
      'other degrees in its configuration',
      (file) => (file.plans[0].configuration = file.plans[0].configuration.replace('tp=4', 'tp=8')),
      /plan\.json:\d+:\d+: configuration has tp, which says 8, and plan says 4/,
    ],
    [
      'other layers in its configuration',
      (file) =>
        (file.plans[0].configuration = file.plans[0].configuration.replace('layers=8/10', 'layers=10/8')),
      /configuration has layers, which says 10\/8\/.*, and plan says 8\/10\//,
    ],
    [
      'another technique in its configuration',
      (file) => (file.plans[0].configuration = file.plans[0].configuration.replace('zero=1', 'zero=2')),
      /configuration has zero, which says 2, and plan says 1/,
    ],
    [
      'a technique that only its plan has',
      (file) =>
        (file.plans[0].plan.techniques.recompute = { mode: 'full', modules: [], layersPerStage: null }),
      /configuration has recompute, which says none, and plan says full|techniques\.recompute says none, and plan says full/,
    ],
    ['degrees beside it', (file) => (file.plans[0].parallel.tp = 8), /parallel\.tp says 8, and plan says 4/],
    ['micro-batches beside it', (file) => (file.plans[0].numMicroBatches = 7), /numMicroBatches says 7, and/],
    ['a negative step', (file) => (file.plans[0].stepTimeSeconds = -3), /stepTimeSeconds.*-3/],
    ['a version that is none', (file) => (file.toolVersion = 'latest'), /toolVersion.*latest/],
  ])('with %s is refused', async (_, edit, message) => {
    const { code, err } = await emitted(edit);
    expect(err).toMatch(message);
    expect(code).toBe(2);
  });

  it('as an older version wrote it is read: keys that have other names, and without techniques that came later', async () => {
    const { code, err } = await emitted((file) => {
      const [one] = file.plans;
      one.configuration = one.configuration.replace('micro-batch=1', 'mbs=1').replace('zero=1', 'sharding=1');
      one.techniques = { recompute: one.techniques.recompute, zero: one.techniques.zero };
    });
    expect(err).not.toMatch(/error/);
    expect(code).toBe(0);
  });

  it('that says two things is not taken for another cluster either', async () => {
    const file = JSON.parse(EXAMPLE);
    file.plans[0].configuration = file.plans[0].configuration.replace('tp=4', 'tp=8');
    const path = join(folder, 'two.json');
    writeFileSync(path, JSON.stringify(file));
    const { code, err } = await run(['estimate', 'llama-3.1-70b', 'dgx-h100-64', '--from', `${path}#1`], {
      cwd: process.cwd(),
    });
    expect(err).toMatch(/configuration has tp, which says 8, and plan says 4/);
    expect(code).toBe(2);
  });

  it('of a layer less is not explained either', async () => {
    const file = JSON.parse(EXAMPLE);
    file.plans[0].plan.pipelines[0].stages.at(-1).chunks.at(-1).end -= 1;
    const path = join(folder, 'less.json');
    writeFileSync(path, JSON.stringify(file));
    for (const command of ['estimate', 'explain']) {
      const { code, err } = await run([command, `${path}#1`], { cwd: process.cwd() });
      expect(err).toMatch(/the plan breaks /);
      expect(code).toBe(2);
    }
  });

  it('whose figures are of another plan is emitted with a word', async () => {
    const { code, err } = await emitted((file) => (file.plans[0].stepTimeSeconds /= 2));
    expect(code).toBe(0);
    expect(err).toMatch(/note: stepTimeSeconds says .* edited, or is of another version/);
  });
});
