import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../fixtures/run.ts';

const scratch = mkdtempSync(join(tmpdir(), 'packing-'));
afterAll(() => rmSync(scratch, { recursive: true }));

const ON = ['llama-3.1-8b', 'dgx-h100-8', '--seq-length', '32k', '--global-batch', '16'] as const;
const CONFIG = ['--config', 'tp=1,dp=8,zero=3,recompute=full'] as const;

function written(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

async function estimated(...flags: string[]) {
  const { out, err } = await run(['estimate', ...ON, ...CONFIG, '--json', ...flags]);
  if (err !== '') throw new Error(err);
  return JSON.parse(out);
}

describe('--packing', () => {
  it('reads a histogram, or a length a line, with the same moments', async () => {
    const histogram = written('histogram.csv', 'length,count\n1000,3\n4000,1 # long\n');
    const list = written('list.txt', '1000\n1000\n4000\n1000\n');
    const of = async (path: string) => (await estimated('--packing', path)).problem.packing;
    expect(await of(histogram)).toEqual(await of(list));
    const a = 4_750_000 / 1750;
    expect(await of(list)).toMatchObject({
      meanLength: 1750,
      meanSquare: 4_750_000,
      separate: true,
      padding: 0.03,
      deviation: Math.sqrt((3 * (1000 ** 2 - a * 1000) ** 2 + (4000 ** 2 - a * 4000) ** 2) / 4),
    });
  });

  it('makes attention cheaper, says what it assumed, and counts padding as no tokens', async () => {
    const whole = await estimated();
    const packed = await estimated('--packing', 'mean=2000,square=6e6,padding=10%');
    expect(packed.time.attention).toBeLessThan(whole.time.attention / 4);
    expect(packed.time['unlike packed samples']).toBeGreaterThan(0);
    expect(packed.tokensPerSecond * packed.stepTimeSeconds).toBeCloseTo(0.9 * 16 * 32_768, 0);
    expect(packed.assumptions.join()).toContain('log-normal');
    const full = await estimated('--packing', 'mean=2000,square=6e6,mask=full,padding=0%');
    expect(full.time).toEqual(whole.time);
    expect((await estimated('--packing', 'mean=2000')).assumptions.join()).toMatch(
      /exponential.*3% of packed/,
    );
    const cut = await estimated('--packing', written('long.txt', '40000\n1000\n'));
    expect(cut.assumptions.join()).toContain('50% of the samples');
  });

  it('is said in tables, told to explain, and carried by a plan into its launch folder', async () => {
    const flags = ['--packing', 'mean=2000,square=6e6,padding=2%', '--fix', 'tp=1,pp=1,cp=1,recompute=full'];
    const plan = await run(['plan', ...ON, ...flags, '--top', '1', '--launcher', 'megatron'], {
      columns: 300,
    });
    expect(plan.out).toContain('packed samples of 2,000 tokens attending to 3,000, 2.0% padding');
    expect(plan.out).toContain('--packing mean=2000,square=6e6,padding=2%');
    const json = await run(['plan', ...ON, ...flags, '--top', '1', '--launcher', 'megatron', '--json']);
    const path = written('plan.json', json.out);
    const out = join(scratch, 'launch');
    expect((await run(['emit', path, '--to', 'megatron', '--out', out])).code).toBe(0);
    const again = await run([
      'estimate',
      ...ON,
      '--from',
      out,
      '--for',
      'megatron',
      ...flags.slice(0, 2),
      '--json',
    ]);
    expect(JSON.parse(again.out).stepTimeSeconds).toBe(JSON.parse(json.out).plans[0].stepTimeSeconds);
    expect(JSON.parse(again.out).assumptions.join()).toContain('--sft is not estimated');
    const refused = await run(['emit', path, '--to', 'nanotron', '--out', join(scratch, 'no')]);
    expect(refused.code).not.toBe(0);
    expect(refused.err).toContain('samples packed into sequences');
  });

  it.each([
    ['mean=x', /--packing is "mean=x"/],
    ['mean=0,square=0', /a mean of at least 1/],
    ['mean=0', /a mean of at least 1/],
    ['mean=2000,square=100', /a mean square from 4000000/],
    ['mean=2000,square=1e9', /to 65536000/],
    ['maen=2000', /Maybe "mean"/],
    ['mean=2000,mask=causal', /mask=block/],
    ['mean=2000,padding=150%', /padding as a share/],
    ['nowhere.csv', /no file nowhere\.csv/],
  ])('refuses %s', async (text, message) => {
    const { code, err } = await run(['estimate', ...ON, ...CONFIG, '--packing', text]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('names the line of a file', async () => {
    const path = written('bad.txt', '1000\nmany\n');
    const { err } = await run(['estimate', ...ON, ...CONFIG, '--packing', path]);
    expect(err).toMatch(/bad\.txt:2: "many"/);
  });
});
