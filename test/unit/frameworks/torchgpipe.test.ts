import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { FRAMEWORKS } from '../../../src/frameworks/index.ts';
import { torchgpipe } from '../../../src/frameworks/torchgpipe/index.ts';
import { problem } from '../../fixtures/problem.ts';
import { ORIGIN, planned } from './fixture.ts';

const given = (globalBatchSize: number): Problem =>
  problem(
    'amoebanet-d-18-256',
    'p40-8',
    { sequenceLength: 1, globalBatchSize, precision: 'fp32', optimizer: 'sgd' },
    'generic',
  );
const GIVEN = given(1280);
const CUT = 'pp=8,dp=1,layers=2/2/2/3/3/4/4/4,schedule=gpipe';
const refusal = (text: string, on = GIVEN) => torchgpipe.reject(on, planned(on, text))?.rule ?? null;
const programOf = (text: string, on = GIVEN) => torchgpipe.render(on, planned(on, text), ORIGIN)[0]!.content;

describe('torchgpipe', () => {
  it('runs its own benchmark of 32 micro-batches on eight devices, as a plan', () => {
    const text = `${CUT},micro-batch=40,recompute=full`;
    expect(refusal(text)).toBeNull();
    const program = programOf(text);
    for (const words of [
      'BALANCE = [2, 2, 2, 3, 3, 4, 4, 4]',
      'CHUNKS = 32',
      'checkpoint="always"',
      'momentum=0.9',
    ])
      expect(program).toContain(words);
    expect(programOf(`${CUT},micro-batch=40`)).toContain('checkpoint="never"');
  });

  it('says the optimizer as it is priced', () => {
    const { workload } = GIVEN;
    const plain = { ...GIVEN, workload: { ...workload, optimizerOptions: { momentum: 'off' } } };
    expect(programOf(`${CUT},micro-batch=40`, plain)).toContain('momentum=0\n');
    const adam = { ...GIVEN, workload: { ...workload, optimizer: 'adamw' } };
    expect(programOf(`${CUT},micro-batch=40`, adam)).toContain('torch.optim.AdamW');
  });

  it('brings a stage back whole: refused where micro-batches are too few for what is counted to cover that', () => {
    const alone = given(40);
    expect(refusal(`${CUT},micro-batch=40,recompute=full`, alone)).toBe('stage-recomputation');
    expect(refusal(`${CUT},micro-batch=40`, alone)).toBeNull();
  });

  it.each([
    ['pp=4,dp=2,zero=0,micro-batch=40,schedule=gpipe', 'degrees'],
    ['pp=1,dp=1,micro-batch=40', 'stages'],
    [`${CUT.replace('gpipe', '1f1b')},micro-batch=40`, 'schedule'],
  ])('does not run %s', (text, rule) => expect(refusal(text)).toBe(rule));

  it('is the one that takes layers by their figures', () => {
    const plan = planned(GIVEN, `${CUT},micro-batch=40`);
    expect(FRAMEWORKS.filter((one) => one.reject(GIVEN, plan) === null).map(({ id }) => id)).toEqual([
      'torchgpipe',
    ]);
  });
});
