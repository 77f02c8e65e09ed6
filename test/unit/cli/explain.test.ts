import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { estimateSchema } from '../../../src/schema/estimate.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const here = mkdtempSync(join(tmpdir(), 'shardwright-'));
const path = join(here, 'plan.json');
const ON = ['llama-3.2-1b', 'dgx-h100-8', ...SMALL] as const;
const { out: planned } = await run(['plan', ...ON, '--headroom', '7%', '--json']);
writeFileSync(path, planned);
const { plans } = JSON.parse(planned) as {
  readonly plans: readonly { readonly configuration: string; readonly stepTimeSeconds: number }[];
};

describe('a row of a plan file', () => {
  it.each([1, 2])('%i is estimated as the plan says', async (rank) => {
    const { out, code } = await run(['estimate', `${path}#${rank}`, '--json']);
    expect(code).toBe(0);
    const { configuration, stepTimeSeconds } = plans[rank - 1]!;
    expect(JSON.parse(out)).toMatchObject({ configuration, stepTimeSeconds });
  });

  it('is the first where none is named', async () => {
    const [named, bare] = await Promise.all([run(['estimate', `${path}#1`]), run(['estimate', path])]);
    expect(bare.out).toBe(named.out);
  });

  it('takes --config on top', async () => {
    const { out } = await run(['estimate', `${path}#1`, '--config', 'recompute=full', '--json']);
    expect(JSON.parse(out).configuration).toBe(
      plans[0]!.configuration.replace(/recompute=[^,]+/, 'recompute=full'),
    );
  });

  it('is the configuration and the workload of --from, under flags', async () => {
    const from = await run(['estimate', 'llama-3.2-1b', 'dgx-h100-8', '--from', `${path}#2`, '--json']);
    const { configuration, problem, stepTimeSeconds } = JSON.parse(from.out);
    expect(configuration).toBe(plans[1]!.configuration);
    expect(stepTimeSeconds).toBe(plans[1]!.stepTimeSeconds);
    expect(problem).toMatchObject({ sequenceLength: 4096, globalBatchSize: 64, headroom: 0.07 });
    const other = await run([
      ...['estimate', 'llama-3.2-1b', 'dgx-a100-8', '--from', `${path}#2`, '--json'],
      ...['--seq-length', '2048', '--config', 'micro-batch=1'],
    ]);
    const changed = JSON.parse(other.out);
    expect(changed.problem.sequenceLength).toBe(2048);
    expect(changed.configuration).toContain('micro-batch=1');
    expect(changed.stages[0].gpuType).toMatch(/^a100/);
  });

  it('says where this version comes to another step', async () => {
    const old = join(here, 'old.json');
    const first = plans[0]!.stepTimeSeconds;
    writeFileSync(old, planned.replace(`"stepTimeSeconds": ${first}`, `"stepTimeSeconds": ${2 * first}`));
    const { out } = await run(['estimate', `${old}#1`]);
    expect(out.replaceAll(/\s+/g, ' ')).toMatch(/old\.json#1 says .* a step: it is of another version/);
  });

  it.each([
    [[`${path}#99`], /no plan of rank 99\n {2}expected: 1 to/],
    [[`${path}#1`, 'dgx-h100-8'], /"dgx-h100-8" after .*\n.*\n {2}Maybe a model and a cluster, and --from/],
    [[`${path}#1`, '--seq-length', '1024'], /--seq-length beside/],
    [['llama-3.2-1b'], /no cluster after "llama-3.2-1b"/],
    [[`${path}#1`, '--config', 'tp=3'], /--config cannot run/],
  ])('%j is refused', async (argv, error) => {
    const { code, err } = await run(['estimate', ...argv]);
    expect(code).toBe(2);
    expect(err).toMatch(error);
  });
});

describe('explain', () => {
  const COMMAND = ['explain', ...ON, '--config', 'tp=2,pp=2,dp=2,recompute=full'] as const;

  it('prints the same bytes twice, and what its schema says', async () => {
    const [a, b] = [await run(COMMAND), await run(COMMAND)];
    expect(a).toEqual(b);
    const { out } = await run([...COMMAND, '--json']);
    const document = JSON.parse(out);
    expect(violations(estimateSchema, document)).toEqual([]);
    expect(document.explanation.changes.length).toBeGreaterThan(5);
    expect(document.explanation.seats.map(({ layers }: { layers: number }) => layers)).toEqual([8, 8]);
  });

  it('writes a trace and a picture, over those made before', async () => {
    const [trace, svg] = [join(here, 'a.json'), join(here, 'a.svg')];
    const first = await run([...COMMAND, '--trace', trace, '--svg', svg]);
    expect(first.err).toBe(`wrote ${trace}\nwrote ${svg}\n`);
    const written = [readFileSync(trace, 'utf8'), readFileSync(svg, 'utf8')];
    expect(JSON.parse(written[0]!).traceEvents.length).toBeGreaterThan(100);
    expect(written[1]).toMatch(/^<svg /);
    await run([...COMMAND, '--trace', trace, '--svg', svg]);
    expect([readFileSync(trace, 'utf8'), readFileSync(svg, 'utf8')]).toEqual(written);
  });

  it.each([
    [here, /is a folder/],
    ['', /--svg has no name/],
    [join(path, 'below', 'a.svg'), /one of them is a file/],
  ])('refuses to write to %j', async (target, error) => {
    const { code, err } = await run([...COMMAND, '--svg', target]);
    expect(code).toBe(2);
    expect(err).toMatch(error);
    expect(existsSync(join(here, 'below'))).toBe(false);
  });
});

it('each row that plan prints can be explained by its own --config', async () => {
  const { out } = await run(['plan', ...ON, '--top', '3']);
  const configurations = [...out.replaceAll('\\\n', '').matchAll(/--config (\S+)/g)].map((one) => one[1]!);
  expect(configurations).toHaveLength(3);
  const steps = await Promise.all(
    configurations.map(async (one) => {
      const { out: text } = await run(['estimate', ...ON, '--config', one, '--json']);
      return (JSON.parse(text) as { readonly stepTimeSeconds: number }).stepTimeSeconds;
    }),
  );
  const { out: json } = await run(['plan', ...ON, '--top', '3', '--json']);
  const { plans: told } = JSON.parse(json) as { readonly plans: typeof plans };
  expect(steps).toEqual(told.map(({ stepTimeSeconds }) => stepTimeSeconds));
});
