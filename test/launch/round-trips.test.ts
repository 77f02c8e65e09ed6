import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LAUNCHERS } from '../../src/frameworks/index.ts';
import { run } from '../fixtures/run.ts';

const EXAMPLES = 'configs/examples';
const names = readdirSync(EXAMPLES);
const scratch = mkdtempSync(join(tmpdir(), 'round-trips-'));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Costed {
  readonly stepTimeSeconds: number;
  readonly configuration: string;
  readonly islands?: unknown;
  readonly stages: readonly { readonly peakMemoryBytes: number; readonly time?: unknown }[];
}
interface Example {
  readonly inputs: Readonly<Record<'model' | 'cluster', { readonly name: string }>>;
  readonly problem: Readonly<Record<'stack' | 'precision', string>> &
    Readonly<Record<'sequenceLength' | 'globalBatchSize' | 'headroom', number>>;
  readonly launchers: readonly string[];
  readonly plans: readonly [Costed];
}

/** Without it a script is only read by bash; with CI=true there is no excuse. */
const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;

describe.each(names)('%s', (name) => {
  const file = join(EXAMPLES, name);
  const example = JSON.parse(readFileSync(file, 'utf8')) as Example;
  const [plan] = example.plans;

  it.each(LAUNCHERS)(
    '$id: emitted, it validates and is estimated as it was; or it is refused',
    async (launcher) => {
      const folder = join(scratch, name, launcher.id);
      const emitted = await run(['emit', file, '--to', launcher.id, '--out', folder]);
      if (emitted.code !== 0) {
        expect(emitted.code).toBe(2);
        expect(emitted.err).toMatch(/cannot run this plan: .+\n {2}expected: .+\n {2}Maybe --to .*json/);
        expect(example.launchers).not.toContain(launcher.id);
        return;
      }
      for (const script of readdirSync(folder).filter((path) => /\.(sh|sbatch|env)$/.test(path))) {
        expect(spawnSync('bash', ['-n', join(folder, script)]).status).toBe(0);
        if (!shellcheck && process.env.CI !== 'true') continue;
        const checked = spawnSync('shellcheck', ['--shell=bash', join(folder, script)], { encoding: 'utf8' });
        if (!script.endsWith('.env')) expect(checked.stdout).toBe('');
      }
      if (launcher.reader === undefined) return;
      const validated = await run(['validate', folder, '--for', launcher.id]);
      if (plan.islands !== undefined && launcher.id !== 'json') {
        expect(validated.code).toBe(2);
        expect(validated.err).toMatch(/one of several islands/);
        return;
      }
      expect(validated.out).toMatch(/keeps (its rule|all \d+ rules on \d+ GPUs)/);
      expect(validated.code).toBe(0);
      const { inputs, problem } = example;
      const estimated = await run(
        [
          ...[
            'estimate',
            inputs.model.name,
            inputs.cluster.name,
            '--from',
            folder,
            '--for',
            launcher.id,
            '--json',
          ],
          ...['--seq-length', problem.sequenceLength, '--global-batch', problem.globalBatchSize],
          ...[
            '--precision',
            problem.precision,
            '--stack',
            problem.stack,
            '--headroom',
            `${100 * problem.headroom}%`,
          ],
        ].map(String),
      );
      expect(estimated.err).toBe('');
      const found = JSON.parse(estimated.out) as Costed;
      expect(found.stepTimeSeconds).toBe(plan.stepTimeSeconds);
      expect(found.stages.map((stage) => stage.peakMemoryBytes)).toEqual(
        plan.stages.map((stage) => stage.peakMemoryBytes),
      );
    },
  );
});

it('every launcher runs at least one example', () => {
  const used = LAUNCHERS.map(({ id }) => id).filter((id) =>
    names.some((name) => readdirSync(join(scratch, name)).includes(id)),
  );
  expect(used).toEqual(LAUNCHERS.map(({ id }) => id));
});
