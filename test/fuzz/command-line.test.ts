import fc from 'fast-check';
import { describe, it } from 'vitest';
import { run } from '../fixtures/run.ts';
import { expectSound } from './sound.ts';
import { timesMore } from './times.ts';

const MODELS = [
  'llama-3.2-1b',
  'llama-3.1-8b',
  'mixtral-8x7b',
  'qwen3-30b-a3b',
  'gpt-oss-20b',
  'nemotron-h-8b',
];
const CLUSTERS = ['4090-2', 'dgx-h100-8', 'dgx-h100-64', 'mixed-a100-v100', 'mi300x-64', 'aws-p5x2'];

const odd = fc.constantFrom(
  ...['', ' ', '0', '-1', '1e9', '1e308', '9007199254740993', '0x10', '1.5', 'NaN', 'Infinity', '8k', '4M'],
  ...['t*1000000000', '1/1/1', 'a'.repeat(3000), '\u001b[2J', '__proto__', '100%', '5GiB', '=', ',', 'x=y=z'],
);
const few = fc.integer({ min: 0, max: 70 }).map(String);
const value = fc.oneof({ weight: 3, arbitrary: few }, { weight: 2, arbitrary: odd });

const KEYS = [
  ...[
    'tp',
    'pp',
    'dp',
    'cp',
    'ep',
    'etp',
    'vpp',
    'micro-batch',
    'zero',
    'recompute',
    'sp',
    'layers',
    'groups',
  ],
  ...['schedule', 'fold', 'shares', 'loss', 'cp-comm', 'offload-optimizer', 'layout', 'nonsense'],
];
const WORDS = [
  'none',
  'full',
  'selective',
  '1f1b',
  'interleaved-1f1b',
  'zb-h1',
  'auto',
  'true',
  'off',
  '4/4',
  't*4',
];
const setting = fc
  .tuple(fc.constantFrom(...KEYS), fc.oneof(value, fc.constantFrom(...WORDS)))
  .map(([key, said]) => `${key}=${said}`);
const configuration = fc.array(setting, { minLength: 1, maxLength: 6 }).map((all) => all.join(','));

const FLAGS = [
  ...['--seq-length', '--global-batch', '--precision', '--optimizer', '--headroom', '--reserve', '--stack'],
  ...['--launcher', '--train', '--lora', '--pack', '--models', '--top', '--gpus', '--max-gpus', '--fix'],
];
const flag = fc.tuple(fc.constantFrom(...FLAGS), value);

describe('a command line', () => {
  it('of estimate is answered, or refused in words', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...MODELS),
        fc.constantFrom(...CLUSTERS),
        configuration,
        fc.array(flag, { maxLength: 2 }),
        fc.constantFrom('estimate', 'explain'),
        async (model, cluster, config, flags, command) => {
          const workload = ['--seq-length', '2048', '--global-batch', '64'];
          const argv = [command, model, cluster, ...workload, '--config', config, ...flags.flat()];
          expectSound(await run(argv), argv.join(' ').slice(0, 500));
        },
      ),
      { numRuns: timesMore(4000) },
    );
  });

  it('of anything else is answered, or refused in words', async () => {
    const word = fc.oneof(
      odd,
      fc.constantFrom(
        ...MODELS,
        ...CLUSTERS,
        'show',
        'list',
        'import',
        '--json',
        '--help',
        'gpu',
        'plan.json#9',
      ),
    );
    const commands = [
      'estimate',
      'emit',
      'validate',
      'model',
      'cluster',
      'gpu',
      'link',
      'stack',
      'schema',
      'skip',
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...commands),
        fc.array(word, { maxLength: 4 }),
        async (command, words) => {
          const argv = [command, ...words];
          expectSound(await run(argv), argv.join(' ').slice(0, 500));
        },
      ),
      { numRuns: timesMore(2000) },
    );
  });
});
