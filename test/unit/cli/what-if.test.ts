import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { changesOf, whatIfFrom } from '../../../src/cli/what-if.ts';
import { run, SMALL } from '../../fixtures/run.ts';

const values = (text: string) => whatIfFrom(text).map(({ value }) => value);

describe('--what-if', () => {
  it('is a quantity of a group with values: a range of whole numbers, fewer where they are many', () => {
    expect(whatIfFrom('group=h100,nodes=4..6')).toEqual(
      [4, 5, 6].map((value) => ({ of: { group: 'h100' }, key: 'nodes', value })),
    );
    expect(values('group=h100,nodes=4..32')).toEqual([4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32]);
    expect(values('group=h100,nodes=8')).toEqual([8]);
  });

  it('is a list of values, numbers as numbers', () => {
    expect(values('group=h100,nic.link=ib-hdr200,ib-ndr400')).toEqual(['ib-hdr200', 'ib-ndr400']);
    expect(values('group=h100,nodes=2, 4,4,8..9')).toEqual([2, 4, 8, 9]);
    expect(whatIfFrom('link=west+east,latency=1 ms')).toEqual([
      { of: { link: ['west', 'east'] }, key: 'latency', value: '1 ms' },
    ]);
  });

  it.each([
    ['nodes=4', /group=ID or link=ID\+ID/],
    ['group=h100', /group=ID or link=ID\+ID/],
    ['group=h100,nodes', /group=ID or link=ID\+ID/],
    ['group=h100,node=4', /Maybe "nodes"/],
    ['group=h100,hosts=4', /a quantity of a group/],
    ['link=west,latency=1ms', /link=ID\+ID/],
    ['group=h100,nodes=8..4', /FROM\.\.TO/],
    ['group=h100,nodes=0..4', /FROM\.\.TO/],
    [`group=h100,nodes=${Array.from({ length: 70 }, (_, i) => i + 1).join()}`, /at most 64 values/],
  ])('"%s" is an error', (text, words) => {
    expect(() => whatIfFrom(text)).toThrow(words);
  });

  it('changes only clusters that have the group', () => {
    const changes = whatIfFrom('group=h100,nodes=2,4');
    expect(changesOf('dgx-h100-64', changes)).toEqual(changes);
    expect(changesOf('dgx-a100-64', changes)).toEqual([null]);
    expect(changesOf('dgx-a100-64', [])).toEqual([null]);
  });
});

it('a sweep is written as a page, with its table and what it says', async () => {
  const page = join(mkdtempSync(join(tmpdir(), 'sweep-')), 'page.html');
  const asked = ['plan', 'llama-3.2-1b', 'dgx-h100-8', ...SMALL, '--what-if', 'group=h100,nodes=1,2'];
  const { code, err, out } = await run([...asked, '--report', page]);
  expect({ code, err }).toEqual({ code: 0, err: `wrote ${page}\n` });
  const html = readFileSync(page, 'utf8');
  expect(html).toContain('Best plan, what if');
  const [step] = /[\d.]+ m?s/.exec(out)!;
  expect(html).toContain(step);
});
