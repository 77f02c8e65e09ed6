import { describe, expect, it } from 'vitest';
import { expandHosts } from '../../../src/domain/hostlist.ts';
import { InputError } from '../../../src/domain/input-error.ts';
import { readFacts } from '../../../src/importers/formats/index.ts';
import { asleep, usable } from '../../../src/importers/formats/node-state.ts';
import { sinfoLine } from '../../fixtures/inventory.ts';

describe('hostlists', () => {
  it.each([
    ['gpu[01-04],big07', ['gpu01', 'gpu02', 'gpu03', 'gpu04', 'big07']],
    ['a1,a2', ['a1', 'a2']],
    ['rack[1-2]n[1-4]', ['1n1', '1n2', '1n3', '1n4', '2n1', '2n2', '2n3', '2n4'].map((one) => `rack${one}`)],
    ['gpu[09-10,7]x', ['gpu09x', 'gpu10x', 'gpu7x']],
    ['login', ['login']],
  ])('%s', (list, hosts) => {
    expect(expandHosts([list])).toEqual(hosts);
  });

  it.each([
    'a[1',
    'a]1',
    'a[1[2]]',
    'a[]',
    '',
    'a,,b',
    'a,',
    'a[x]',
    'a[4-1]',
    'a[1-1000001]',
    'a[1-2000]b[1-2000]',
  ])('refuses "%s"', (list) => {
    expect(() => expandHosts([list])).toThrow(InputError);
  });

  it('caps all lists together', () => {
    expect(() => expandHosts(['a[1-600000]', 'b[1-600000]'])).toThrow(/at most 1000000/);
  });
});

describe('node states', () => {
  it.each([
    'down*',
    'IDLE+DRAIN',
    'drng',
    'unk',
    'inval',
    'futr',
    'FUTURE',
    'INVALID_REG',
    'idle*',
    'maint',
    'idle$',
    'IDLE+NOT_RESPONDING',
    'failg',
  ])('%s runs no jobs', (state) => expect(usable(state)).toBe(false));

  it.each([
    'idle',
    'mixed-',
    'ALLOCATED',
    'idle~',
    'IDLE+CLOUD+POWERED_DOWN',
    'idle#',
    'PLANNED',
    'comp',
    '',
  ])('%s runs jobs', (state) => expect(usable(state)).toBe(true));

  it('sees cloud nodes that are switched off alike in every notation', () => {
    expect(['idle~', 'IDLE+CLOUD+POWERED_DOWN', 'IDLE+POWERING_DOWN', 'pow_dn'].map(asleep)).not.toContain(
      false,
    );
    expect(['idle', 'idle#', 'down'].map(asleep)).not.toContain(true);
  });
});

const hosts = (text: string) =>
  readFacts(text, 'f').hosts.map((one) => [one.hosts.join(), one.gpuName, one.gpusPerHost]);

describe('generic resources', () => {
  it.each([
    ['gpu:h100:8(S:0-1)', [['n1', 'h100', 8]]],
    ['gpu:h100:8,gpu:h100:8', [['n1', 'h100', 8]]],
    ['gpu:h100:4(S:0),gpu:h100:4(S:1)', [['n1', 'h100', 8]]],
    [
      'gpu:a100:4(S:0,2-3),gpu:l40s:2',
      [
        ['n1', 'a100', 4],
        ['n1', 'l40s', 2],
      ],
    ],
    ['gpu:8', [['n1', null, 8]]],
    ['gpu:8(S:0-1)', [['n1', null, 8]]],
    ['gpu:4090:8', [['n1', '4090', 8]]],
    ['gpu:h100:no_consume:8', [['n1', 'h100', 8]]],
    ['gpu:h100', [['n1', 'h100', 1]]],
    ['gpu:h100:8,shard:h100:32,mps:400', [['n1', 'h100', 8]]],
    ['gpu:0', []],
  ])('%s', (gres, expected) => {
    expect(hosts(sinfoLine('n1', gres))).toEqual(expected);
  });

  it('refuses two counts of one GPU', () => {
    expect(() => hosts(sinfoLine('n1', 'gpu:h100:8,gpu:h100:4'))).toThrow(/gpu:h100:4 contradicts/);
  });

  it('leaves MIG slices out, and says so', () => {
    const facts = readFacts(sinfoLine('n1', 'gpu:nvidia_a100_1g.10gb:7,gpu:a100:2'), 'f');
    expect(facts.hosts.map((one) => one.gpuName)).toEqual(['a100']);
    expect(facts.notes).toEqual(['n1: 7 nvidia_a100_1g.10gb left out: slices of a GPU (MIG)']);
  });

  it('takes the types of untyped GPUs from CfgTRES', () => {
    const node = 'NodeName=n1 Arch=x86_64\n   Gres=gpu:8(S:0-1)\n   State=IDLE\n';
    const tres = '   CfgTRES=cpu=96,mem=2063000M,gres/gpu=8,gres/gpu:h100=8\n';
    expect(hosts(node + tres)).toEqual([['n1', 'h100', 8]]);
    expect(hosts(node)).toEqual([['n1', null, 8]]);
  });
});

describe('sinfo', () => {
  it('reads the columns that a header names, in any order', () => {
    const text = 'STATE|GRES|NODELIST|PARTITION\nidle|gpu:h100:8|n1|train\ndrained|gpu:h100:8|n2|train\n';
    const facts = readFacts(text, 'f');
    expect(facts.hosts.map((one) => [one.hosts, one.gpusPerHost])).toEqual([[['n1'], 8]]);
    expect(facts.notes).toEqual(['n2 left out: its state is drained']);
  });

  it('finds the state last where there are not six fields', () => {
    expect(hosts('n1|gpu:h100:8|idle\nn2|gpu:h100:8|down*\n')).toEqual([['n1', 'h100', 8]]);
  });

  it('refuses fields without a state, which would count drained nodes', () => {
    expect(() => hosts('n1|gpu:h100:8|ib400|2063000|96\n')).toThrow(
      /f:1: "n1\|gpu:h100:8.*is no line of sinfo/,
    );
    expect(() => hosts('n1|gpu:h100:8|idle|ib400|2063000|96\n')).toThrow(/state of a node/);
  });
});

describe('scontrol', () => {
  it('reads --oneliner, and counts cloud nodes that are switched off', () => {
    const text = [
      'NodeName=n1 Gres=gpu:h100:8 State=IDLE+CLOUD+POWERED_DOWN CfgTRES=cpu=1',
      'NodeName=n2 Gres=gpu:h100:8 State=IDLE+DRAIN CfgTRES=cpu=1',
    ].join('\n');
    expect(hosts(text)).toEqual([['n1', 'h100', 8]]);
    expect(readFacts(text, 'f').notes.join()).toMatch(/n1 counted though switched off.*n2 left out/);
  });
});

describe('Slurm JSON', () => {
  const scontrol = (node: object) => JSON.stringify({ nodes: [{ name: 'n1', gres: 'gpu:h100:8', ...node }] });

  it('reads nodes of scontrol, with the flags that 21.08 has beside the state', () => {
    expect(hosts(scontrol({ state: ['IDLE'], features: ['ib400'] }))).toEqual([['n1', 'h100', 8]]);
    expect(hosts(scontrol({ state: 'idle', state_flags: ['DRAIN'] }))).toEqual([]);
    expect(hosts(scontrol({ gres: 'gpu:8', tres: 'cpu=1,gres/gpu:a100=8' }))).toEqual([['n1', 'a100', 8]]);
  });

  it('reads sinfo --json of 23.02', () => {
    const entry = (nodes: string[], state: string[]) => ({
      nodes: { nodes },
      gres: { total: 'gpu:h100:8(S:0-1)' },
      node: { state },
      features: { total: 'h100,ib400' },
    });
    const text = JSON.stringify({ sinfo: [entry(['n1', 'n2'], ['IDLE']), entry(['n3'], ['IDLE', 'DRAIN'])] });
    expect(hosts(text)).toEqual([
      ['n1', 'h100', 8],
      ['n2', 'h100', 8],
    ]);
    expect(readFacts(text, 'f').hosts[0]!.features).toEqual(['h100', 'ib400']);
  });

  it.each([
    ['nodes null', '{"nodes": null, "gres": 1}'],
    ['a node null', '{"nodes": [null], "x": {"gres": 1}}'],
    ['no name', '{"nodes": [{"gres": "gpu:8"}]}'],
    ['gres a number', '{"nodes": [{"name": "n", "gres": 8}]}'],
    ['sinfo null', '{"sinfo": null}'],
    ['an entry without nodes', '{"sinfo": [{"nodes": null}]}'],
    ['state null in a list', '{"nodes": [{"name": "n", "gres": "gpu:8", "state": [null]}]}'],
    ['machines null', '{"machines": null, "gpus": 1}'],
    ['GPUs null', '{"machines": [{"machine": "m", "gpus": null}]}'],
    ['a GPU null', '{"machines": [{"machine": "m", "gpus": [null]}]}'],
    ['machine a number', '{"machines": [{"machine": 1, "gpus": []}]}'],
    ['amounts null', '{"machine_amounts": null}'],
    ['amounts of a GPU null', '{"machine_amounts": {"A100": null}}'],
    ['specs a string', '{"machine_amounts": {"A100": {"8": 1}}, "machine_specs": {"A100": "x"}}'],
    ['no GPUs in a machine', '{"machine_amounts": {"A100": {"0": 2}}}'],
  ])('%s is an InputError', (_, text) => {
    expect(() => readFacts(text, 'f')).toThrow(InputError);
  });
});
