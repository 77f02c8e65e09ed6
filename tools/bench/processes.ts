import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Three unlike groups of a few GPUs each: a large space for a small cluster. */
const TOY = `schema: shardwright.cluster/1
groups:
  - { id: a, gpu: h100-sxm, nodes: 1, gpusPerNode: 4, intraNode: nvlink4, nic: { link: ib-ndr400, perNode: 4 } }
  - { id: b, gpu: a100-80-sxm, nodes: 2, gpusPerNode: 4, intraNode: nvlink3, nic: { link: ib-hdr200, perNode: 4 } }
  - { id: c, gpu: l40s, nodes: 2, gpusPerNode: 4, intraNode: pcie4-x16-nop2p, nic: { link: ib-hdr200, perNode: 1 } }
`;

function commands(toy: string): readonly (readonly [name: string, ...argv: string[]])[] {
  const plan = (model: string, cluster: string, sequence: number, batch: number) =>
    [
      'plan',
      model,
      cluster,
      '--seq-length',
      `${sequence}`,
      '--global-batch',
      `${batch}`,
      '--no-cache',
    ] as const;
  const config = ['--config', 'tp=4,dp=2,micro-batch=1'];
  return [
    ['start', '--version'],
    [
      'estimate',
      'estimate',
      'llama-3.1-8b',
      'dgx-h100-8',
      '--seq-length',
      '8192',
      '--global-batch',
      '64',
      ...config,
    ],
    ['README', ...plan('llama-3.1-70b', 'mixed-32xh100-32xa100-40gb', 8192, 512)],
    ['4,096 A100', ...plan('gpt3-175b', 'dgx-a100-4096', 2048, 1536)],
    ['16,384 H100', ...plan('llama-3.1-405b', 'dgx-h100-16384', 8192, 2048)],
    ['2,048 H800', ...plan('deepseek-v3', 'h800-2048', 4096, 15360)],
    ['four types', ...plan('llama-3.1-70b', 'four-types-1024', 8192, 1024)],
    ['two regions', ...plan('qwen2.5-0.5b', 'two-regions', 4096, 256)],
    ['three small groups', ...plan('llama-3.2-1b', toy, 2048, 64)],
  ];
}

/**
 * Seconds of whole processes, one thread: of this build and, where `SHARDWRIGHT_BENCH_BASE` names the folder of another build,
 * of that one in turn, and how many times as fast this one is.
 */
export function processLines(): Record<string, string | number>[] {
  const toy = join(mkdtempSync(join(tmpdir(), 'bench-')), 'toy.yaml');
  writeFileSync(toy, TOY);
  const { SHARDWRIGHT_BENCH_BASE: base } = process.env;
  return commands(toy).map(([name, ...argv]) => {
    const now = secondsOf('.', argv);
    if (base === undefined) return { command: name, seconds: now };
    const before = secondsOf(base, argv);
    return { command: name, seconds: now, before, ratio: Number((before / now).toFixed(2)) };
  });
}

function secondsOf(folder: string, argv: readonly string[]): number {
  const threads = argv[0] === 'plan' ? ['--threads', '1'] : [];
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['bin/shardwright.js', ...argv, ...threads], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`);
  return Number(((performance.now() - started) / 1000).toFixed(2));
}
