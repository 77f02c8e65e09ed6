import { describe, expect, it } from 'vitest';
import type { Problem } from '../../../src/domain/problem.ts';
import { paci } from '../../../src/frameworks/paci/index.ts';
import { modulesOf } from '../../../src/frameworks/paci/program.ts';
import { problem } from '../../fixtures/problem.ts';
import { ORIGIN, planned } from './fixture.ts';

const GIVEN = problem('gpt2-medium-untied', '4090-8', { sequenceLength: 1024, globalBatchSize: 128 }, 'paci');
const SPLIT = 'pp=8,dp=1,micro-batch=8,layers=1/3/4/4/3/4/4/1';
const refusal = (text: string, on: Problem = GIVEN) => paci.reject(on, planned(on, text))?.rule ?? null;

describe('PACI', () => {
  it.each([
    ['paci', 'paci'],
    ['1f1b', 'flush'],
  ])('is told of %s, the stages and the micro-batches', (schedule, mode) => {
    const plan = planned(GIVEN, `${SPLIT},schedule=${schedule}`);
    expect(paci.reject(GIVEN, plan)).toBeNull();
    const [program, launch] = paci.render(GIVEN, plan, ORIGIN);
    for (const words of [
      `pipeline_mode=PipelineMethods.${mode}`,
      'MICRO_BATCHES = 16',
      'list(range(0, 3))',
      'list(range(47, 51))',
      'num_heads=16',
    ])
      expect(program!.content).toContain(words);
    expect(launch!.content).toContain('CUDA_VISIBLE_DEVICES=0,1,2,3,4,5,6,7');
  });

  it('has each module of its list on one stage: two of a layer, the embedding, the last norm and the head', () => {
    const modules = modulesOf(planned(GIVEN, SPLIT));
    expect(modules.at(-1)![1]).toBe(2 * 24 + 3);
    for (const [i, [first]] of modules.entries()) expect(first).toBe(i === 0 ? 0 : modules[i - 1]![1]);
  });

  it.each([
    ['pp=4,dp=2,zero=0,micro-batch=4', 'degrees'],
    ['pp=1,dp=1,micro-batch=8', 'stages'],
    [`${SPLIT},recompute=full`, 'recompute'],
    [`${SPLIT},schedule=2bw`, 'schedule'],
  ])('does not run %s', (text, rule) => expect(refusal(text)).toBe(rule));

  it.each([
    ['a tied head', { tiedEmbeddings: true }, 'tied-embeddings'],
    ['another vocabulary', { vocabSize: 50_304 }, 'vocabulary'],
    ['another family', { family: 'llama' }, 'model-family'],
  ])('has no %s', (_, over, rule) => {
    const on = { ...GIVEN, model: { ...GIVEN.model, ...over } };
    expect(paci.reject(on, planned(GIVEN, SPLIT))?.rule).toBe(rule);
  });

  it('wants one GPU to hold the whole model once, before it is cut', () => {
    const [group] = GIVEN.cluster.groups;
    const small = { ...group!, gpu: { ...group!.gpu, memoryBytes: 3e9 } };
    const on = { ...GIVEN, cluster: { ...GIVEN.cluster, groups: [small] } };
    expect(paci.reject(on, planned(GIVEN, SPLIT))?.rule).toBe('whole-model');
  });
});
