import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { violations } from '../../../src/document/validator.ts';
import { SCHEMAS } from '../../../src/schema/index.ts';
import { run } from '../../fixtures/run.ts';

const runs = 'test/fixtures/runs/korthikanti.jsonl';
const lines = readFileSync(runs, 'utf8').trim().split('\n');

function fileOf(name: string, text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'shardwright-')), name);
  writeFileSync(path, text);
  return path;
}

describe('accuracy', () => {
  it('scores the rows of any file of the form, as its schema says', async () => {
    const { code, out } = await run(['accuracy', runs, '--json']);
    const document = JSON.parse(out);
    expect(code).toBe(0);
    expect(violations(SCHEMAS.accuracy!, document)).toEqual([]);
    expect(document.rows).toHaveLength(lines.length);
    expect(document.summary.groups.korthikanti.time.rows).toBeGreaterThan(5);
    expect(document.summary.groups.korthikanti.time.mape).toBeLessThan(0.1);
    expect(document.layers).toBeNull();
  });

  it('prints groups, bands and the worst rows, no wider than the page', async () => {
    const { out } = await run(['accuracy', runs, '--worst', '2']);
    expect(out).toMatch(/^korthikanti +9 /m);
    expect(out).toContain('worst rows');
    expect(out.replaceAll('\n', ' ')).toContain('bias: their median with it');
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('names a line that is no run, and scores the others', async () => {
    const { code, err, out } = await run([
      'accuracy',
      fileOf('bad.jsonl', `${lines[0]}\n[1]\n{"id": \n`),
      '--json',
    ]);
    expect(err).toMatch(/bad\.jsonl:2: no JSON object/);
    expect(err).toMatch(/bad\.jsonl:3: /);
    expect([code, JSON.parse(out).rows.length]).toEqual([0, 1]);
  });

  it('takes the cases of the literature', async () => {
    const { code, out } = await run(['accuracy', '--case', 'test/accuracy/cases/skippipe.json', '--json']);
    const document = JSON.parse(out);
    expect(code).toBe(0);
    expect(violations(SCHEMAS.cases!, document)).toEqual([]);
    expect(document.entries[0]).toMatchObject({ name: 'full' });
  });

  it('takes kernel times of layers, and names a GPU that it does not know', async () => {
    const [first = ''] = readFileSync('test/accuracy/layer-times.jsonl', 'utf8').split('\n');
    const good = await run(['accuracy', '--layers', fileOf('layers.jsonl', first)]);
    expect(good.out).toContain('a10g');
    const odd = fileOf('odd.jsonl', `\n${first.replace('"a10g"', '"a10000"')}`);
    const bad = await run(['accuracy', '--layers', odd]);
    expect(bad.code).toBe(2);
    expect(bad.err).toMatch(/odd\.jsonl:2: gpu is "a10000"/);
  });

  it.each([
    [['accuracy'], /no file of runs/],
    [['accuracy', runs, '--group', 'nobody'], /--group is "nobody"[\s\S]*korthikanti/],
    [['accuracy', runs, '--case', 'x.json'], /beside --case/],
    [['accuracy', 'test/accuracy/none.jsonl'], /no file test\/accuracy\/none\.jsonl/],
  ] as const)('%j is refused', async (argv, words) => {
    const { code, err } = await run(argv);
    expect([code, err]).toEqual([2, expect.stringMatching(words)]);
  });
});
