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
