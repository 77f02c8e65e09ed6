import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../src/catalogue/models.ts';
import { loadStack } from '../../../src/catalogue/stacks.ts';
import { coefficients } from '../../../src/hardware/coefficients.ts';
import { layerOperators } from '../../../src/layers/layer.ts';
import type { Operator } from '../../../src/layers/operator.ts';
import { outputOperators } from '../../../src/layers/output.ts';
import {
  countParameters,
  countTrainable,
  flopsPerToken,
  wholeModel,
} from '../../../src/layers/parameters.ts';
import { NF4_BYTES } from '../../../src/layers/training/trained-operators.ts';
import { trained } from '../../fixtures/trained.ts';

const LLAMA = loadModel('llama-3.1-8b').value;
const H = 4096;
const FFN = 14336;
const KV = 1024;

const trainable = countTrainable;

describe('frozen weights', () => {
  const bytesOf = (how: string) => {
    const model = trained(LLAMA, how, how.includes('lora') ? { 'lora-modules': 'q,v' } : {});
    const operators = layerOperators(model.kinds[0]!, wholeModel(model, 1));
    return operators.flatMap(({ weights }) => weights.map(({ trainable: live, bytes }) => [live, bytes]));
  };

  it('are held as they are computed with, or in fp32 where that is said; adapters as the stack holds what it trains', () => {
    const held = (how: string) => new Set(bytesOf(how).map(([live, bytes]) => `${live} ${bytes}`));
    expect(held('lora')).toEqual(new Set(['false 2', 'true null']));
    expect(held('lora,frozen-weights=fp32')).toEqual(new Set(['false 4', 'true null']));
    expect(held('qlora,frozen-weights=fp32')).toEqual(
      new Set(['false 4', `false ${NF4_BYTES}`, 'true null']),
    );
  });
});

describe('parameters that are trained', () => {
  it('are all but buffers where everything is', () => {
    expect(trainable(LLAMA)).toBe(countParameters(LLAMA).total);
  });

  it.each([
    // As PEFT's print_trainable_parameters has them for this model.
    ['q,v', 16, 6_815_744],
    ['all', 16, 41_943_040],
    ['qkv', 8, 32 * 8 * (H + H + 2 * KV)],
    ['fc1,down', 4, 32 * 4 * (H + 2 * FFN + FFN + H)],
    ['gate,up', 4, 32 * 4 * 2 * (H + FFN)],
  ])('adapters on %s of rank %i: %i', (modules, rank, count) => {
    const model = trained(LLAMA, 'lora', { 'lora-rank': `${rank}`, 'lora-modules': modules });
    expect(trainable(model)).toBe(count);
    expect(countParameters(model).total).toBe(countParameters(LLAMA).total + count);
  });

  it('are those of the head and its norm where only the head is', () => {
    expect(trainable(trained(LLAMA, 'decoder=frozen,head=full'))).toBe(128256 * H + H);
  });

  it('are those of the head: A and B beside it', () => {
    const model = trained(LLAMA, 'decoder=frozen,head=lora', { 'lora-rank': '8' });
    expect(trainable(model)).toBe(8 * (128256 + H));
  });

  it('leave out the first layers', () => {
    const layer = countParameters(LLAMA).kinds[0]!.perLayer;
    const ofLayer = Object.values(layer).reduce((a, b) => a + b, 0);
    const model = trained(LLAMA, 'full,first-layers=30');
    expect(trainable(model)).toBe(2 * ofLayer + 128256 * H + H);
    expect(model.kinds.map(({ name }) => name)).toEqual(['dense, frozen', 'dense']);
    expect(model.layers.filter((kind) => kind === 0)).toHaveLength(30);
  });

  it('count an adapter for each expert', () => {
    const mixtral = loadModel('mixtral-8x7b').value;
    const model = trained(mixtral, 'lora', { 'lora-rank': '4', 'lora-modules': 'down' });
    expect(trainable(model)).toBe(32 * 8 * 4 * (14336 + 4096));
  });
});

describe('model FLOPs', () => {
  const S = 4096;
  const matrices = countParameters(LLAMA).total - 128256 * H - 65 * H;
  const scores = 32 * 2 * S * H;

  it('are 4 of a frozen parameter and 6 of an adapter, attention as ever', () => {
    const model = trained(LLAMA, 'lora', { 'lora-rank': '16', 'lora-modules': 'q,v' });
    expect(flopsPerToken(LLAMA, S)).toBe(6 * matrices + 3 * scores);
    expect(flopsPerToken(model, S)).toBe(4 * matrices + 6 * 6_815_744 + 3 * scores);
  });

  it('are 2 of what nothing trained lies before', () => {
    const model = trained(LLAMA, 'decoder=frozen,head=full');
    const head = 128256 * H;
    expect(flopsPerToken(model, S)).toBe(2 * (matrices - head) + scores + 6 * head);
  });

  it('of the last k of L layers: 2 of all and 4 of those, the head whole', () => {
    const model = trained(LLAMA, 'full,first-layers=24');
    const head = 128256 * H;
    const layer = (matrices - head) / 32;
    expect(flopsPerToken(model, S)).toBe(2 * 32 * layer + 4 * 8 * layer + scores * (1 + 2 / 4) + 6 * head);
  });
});

const CONTEXT = {
  ...wholeModel(LLAMA, 1024),
  stack: loadStack('torch-fsdp2'),
  c: coefficients(),
};

function operators(train: string, flags = {}): readonly Operator[] {
  const model = trained(LLAMA, train, flags);
  return layerOperators(model.kinds.at(-1)!, { ...CONTEXT, model });
}

const savedBy = (all: readonly Operator[], name: string) =>
  all.find((one) => one.name === name)!.saved.reduce((sum, { bytes }) => sum + bytes, 0);

describe('what a frozen layer keeps', () => {
  const tokens = 1024;
  const full = operators('full');
  const attention = operators('lora', { 'lora-modules': 'attention', 'lora-rank': '8' });
  const whole = operators('lora', { 'lora-modules': 'all', 'lora-rank': '8' });

  it('is what linears read only where an adapter reads it too', () => {
    const x = 2 * tokens * H;
    expect(savedBy(full, 'attention-norm')).toBe(2 * x);
    expect(savedBy(attention, 'attention-norm')).toBe(2 * x);
    expect(savedBy(attention, 'mlp-norm')).toBe(x);
    expect(savedBy(whole, 'mlp-norm')).toBe(2 * x);
    expect(savedBy(full, 'activation') - savedBy(attention, 'activation')).toBe(2 * tokens * FFN);
    expect(savedBy(whole, 'activation')).toBe(savedBy(full, 'activation'));
    expect(savedBy(attention, 'fc1')).toBe(savedBy(full, 'fc1'));
  });

  it('is A·x of each adapter, and what dropout left of its input with the mask', () => {
    expect(savedBy(attention, 'qkv-adapter')).toBe(3 * 2 * tokens * 8);
    const dropped = operators('lora', { 'lora-modules': 'q', 'lora-rank': '8', 'lora-dropout': '0.1' });
    expect(savedBy(dropped, 'qkv-adapter')).toBe(2 * tokens * 8 + 3 * tokens * H);
  });

  it('is nothing where nothing before it is trained', () => {
    const model = trained(LLAMA, 'decoder=frozen,head=full');
    for (const { saved, gradients } of layerOperators(model.kinds[0]!, { ...CONTEXT, model })) {
      expect(saved).toEqual([]);
      expect(gradients).toBe('none');
    }
  });
});

describe('the gradient of what the first adapter reads', () => {
  const headOf = (train: string) => {
    const model = trained(LLAMA, train, { 'lora-rank': '8' });
    return outputOperators({ ...CONTEXT, model });
  };
  const named = (all: readonly Operator[], name: string) => all.find((one) => one.name === name)!;

  it('is worked out where something before it is trained, and not otherwise', () => {
    const [before, alone] = [headOf('lora,head=lora'), headOf('decoder=frozen,head=lora')];
    for (const name of ['final-norm', 'lm-head']) {
      expect(named(before, name).gradients).toBe('input');
      expect(named(alone, name).gradients).toBe('none');
    }
    for (const name of ['lm-head-adapter', 'loss'])
      expect(named(alone, name).gradients).toBe(named(before, name).gradients);
    const kept = (all: readonly Operator[]) =>
      all.flatMap(({ saved }) => saved).reduce((sum, { bytes }) => sum + bytes, 0);
    // The norm's input; what the adapter reads stays.
    expect(kept(before) - kept(alone)).toBe(2 * H * CONTEXT.local.tokens);
    expect(named(alone, 'final-norm').saved).toHaveLength(1);
  });
});

describe('a quantised layer', () => {
  it('takes 0.516 bytes of each parameter that is multiplied with', () => {
    expect(NF4_BYTES).toBeCloseTo(0.516, 3);
    const weights = operators('qlora', { 'lora-modules': 'q' }).flatMap((one) => one.weights);
    expect(
      weights.filter(({ bytes }) => bytes === NF4_BYTES).map(({ targets }) => targets.join('+')),
    ).toEqual(['q', 'k+v', 'o', 'gate+up', 'down']);
    expect(weights.filter(({ columns }) => columns === 1).every(({ bytes }) => bytes === 2)).toBe(true);
  });

  it('is unpacked once for each pass, a matrix at a time', () => {
    const fc1 = operators('qlora').find(({ name }) => name === 'fc1')!;
    const parameters = 2 * H * FFN;
    expect(fc1.kernels.at(-1)).toMatchObject({
      forwardBytes: (2 + NF4_BYTES) * parameters,
      backwardBytes: (2 + NF4_BYTES) * parameters,
    });
    const base = operators('lora').find(({ name }) => name === 'fc1')!;
    expect(fc1.backwardBytes - base.backwardBytes).toBe(2 * parameters);
  });
});
