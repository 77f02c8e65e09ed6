import { describe, expect, it } from 'vitest';
import { fixFrom, maxFrom } from '../../../src/cli/dimensions.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../../../src/frameworks/index.ts';
import { wayOutWords } from '../../../src/reporters/beside.ts';
import { search } from '../../../src/search/search.ts';
import { cannotBe } from '../../../src/search/space/cannot.ts';
import { DEFAULT_OPTIONS, type SearchOptions } from '../../../src/search/space/options.ts';
import { whatIf } from '../../../src/session/what-if.ts';
import { problem } from '../../fixtures/problem.ts';

const dense = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 64 });
const options = (fix: string, max?: string): SearchOptions => ({
  ...DEFAULT_OPTIONS,
  fix: fixFrom(fix),
  max: maxFrom(max),
});
const told = (fix: string, max?: string, of = dense) =>
  cannotBe(of, options(fix, max)).map(({ actual, hint }) => `${actual}. ${hint}`);

describe('what is held and cannot be', () => {
  it.each([
    ['tp=3', ['tp=3. Maybe tp=2 or tp=4.']],
    ['tp=16', ['tp=16. Maybe tp=8.']],
    ['pp=99', ['pp=99. Maybe pp=8.']],
    ['dp=5', ['dp=5. Maybe dp=4 or dp=8.']],
    ['cp=3', ['cp=3. Maybe cp=2 or cp=4.']],
    ['ep=2', ['ep=2. Maybe ep=1.']],
    ['etp=2', ['etp=2. Maybe etp=1.']],
    ['vpp=3', ['vpp=3. Maybe vpp=2 or vpp=4.']],
    ['micro-batch=3', ['micro-batch=3. Maybe micro-batch=2 or micro-batch=4.']],
    ['micro-batch=128', ['micro-batch=128. Maybe micro-batch=64.']],
    ['dp-replicate=3', ['dp-replicate=3. Maybe dp-replicate=2 or dp-replicate=4.']],
    ['tp=3,dp=5', ['tp=3. Maybe tp=2 or tp=4.', 'dp=5. Maybe dp=4 or dp=8.']],
    ['tp=2,pp=2,dp=8', ['dp=8 beside tp=2, pp=2. Maybe dp=2 beside tp=2, pp=2.']],
  ])('%s', (fix, lines) => {
    expect(told(fix)).toEqual(lines);
    expect(search(dense, options(fix)).certificate.space).toBe(0);
  });

  it('has neighbours that can be', () => {
    for (const fix of ['tp=3', 'dp=5', 'micro-batch=3', 'vpp=3', 'dp-replicate=3', 'schedule=gpipe,pp=1'])
      for (const { hint } of cannotBe(dense, options(fix))) {
        const [, value, others] = /^Maybe (\S+?)(?: or \S+)?(?: beside (.*))?\.$/.exec(hint!)!;
        const mended = [value, ...(others === undefined ? [] : others.split(', '))].join();
        expect(
          search(dense, { ...options(mended), maxEvaluations: 1 }).certificate.space,
          mended,
        ).toBeGreaterThan(0);
      }
  });

  it('says which schedules go with the rest, and what --max has against it', () => {
    expect(told('schedule=gpipe,pp=1')[1]).toBe(
      'schedule=gpipe beside pp=1. Maybe schedule=1f1b beside pp=1.',
    );
    expect(cannotBe(dense, options('tp=8', 'tp=4'))[0]).toMatchObject({
      limit: expect.stringMatching(/by --max at most 4/),
    });
    const sparse = problem('mixtral-8x7b', 'dgx-h100-8', { globalBatchSize: 64 });
    expect(told('ep=3', undefined, sparse)).toEqual(['ep=3. Maybe ep=2 or ep=4.']);
  });
});

describe('what is held and nothing runs', () => {
  // GPipe keeps the logits of all micro-batches.
  const short = problem('llama-3.1-8b', 'dgx-h100-8', { globalBatchSize: 16 });
  const asked = (fix: string, launcher: SearchOptions['launcher']) => {
    const held = { ...options(fix), launcher, top: 1 };
    return whatIf(short, search(short, held), held, null);
  };

  it('names the launcher that runs it', () => {
    const megatron = FRAMEWORKS.find(({ id }) => id === 'megatron')!;
    const beside = asked('schedule=gpipe,pp=4', megatron);
    expect(beside.freer!.launchers).toContain('torchtitan');
    expect(wayOutWords(short, beside).join('\n')).toMatch(/With --launcher [^:]*torchtitan.*: .* gpipe/);
  });

  it('leaves all out where no one key is in the way', () => {
    const deepspeed = FRAMEWORKS.find(({ id }) => id === 'deepspeed')!;
    expect(asked('schedule=zb-v,pp=4', deepspeed).without.map(({ held }) => held)).toEqual([
      'pp=4,schedule=zb-v',
    ]);
  });

  it('names --launcher any where none does, and the key that is in the way', () => {
    const beside = asked('schedule=zb-v', LAUNCHABLE);
    expect(beside.beyond).not.toBeNull();
    expect(beside.without.map(({ held }) => held)).toEqual(['schedule=zb-v']);
    const words = wayOutWords(dense, beside).join('\n');
    expect(words).toMatch(/--launcher any: .* zb-v/);
    expect(words).toMatch(/Without schedule=zb-v: /);
  });
});
