import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { loadCluster } from '../../src/catalogue/clusters.ts';
import { fromHuggingFace } from '../../src/catalogue/huggingface/index.ts';
import { listModels, loadModel } from '../../src/catalogue/models.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import type { ModelSpec } from '../../src/domain/model.ts';
import type { Problem } from '../../src/domain/problem.ts';
import { estimate } from '../../src/evaluate/estimate.ts';
import { FRAMEWORKS, LAUNCHABLE } from '../../src/frameworks/index.ts';
import type { Framework } from '../../src/frameworks/port/framework.ts';
import { withinSequence } from '../../src/layers/within-sequence.ts';
import { parseConfiguration } from '../../src/plan-text/configuration.ts';
import { planOf } from '../../src/plan-text/plan-of.ts';

const cluster = loadCluster('dgx-h100-1024').value;
const stacks = new Map(FRAMEWORKS.map(({ stack }) => [stack, loadStack(stack)]));

function problemOf(model: ModelSpec, { stack }: Framework): Problem {
  const most = Math.min(model.maxSequenceLength ?? 4096, model.learnedPositions || 4096);
  const sequenceLength = Math.min(4096, most);
  return {
    model: withinSequence(model, sequenceLength),
    cluster,
    stack: stacks.get(stack)!,
    workload: {
      sequenceLength,
      globalBatchSize: 1024,
      precision: 'bf16',
      optimizer: 'adamw',
      headroom: 0.08,
    },
  };
}

/** From plain sharding to the grids that the largest models need, on 1,024 GPUs. */
const CONFIGURATIONS = [
  'tp=1,pp=1,dp=1024,zero=3,recompute=full',
  'tp=1,pp=1,dp=1024,ep=8,etp=1,zero=3,recompute=full',
  'tp=8,pp=1,dp=128,zero=1,recompute=full',
  'tp=8,pp=8,dp=16,zero=1,recompute=full',
  'tp=8,pp=16,dp=8,ep=8,etp=1,zero=1,recompute=full',
  'tp=1,pp=16,dp=64,ep=64,etp=1,zero=1,recompute=full',
  'tp=4,pp=2,dp=128,ep=512,etp=1,zero=1,recompute=layernorm+moe_act',
];

/** The first framework that runs a plan which fits, with that plan. */
function planned(model: ModelSpec): string | null {
  for (const framework of FRAMEWORKS) {
    const problem = problemOf(model, framework);
    if (framework.excludes?.(problem) !== null) continue;
    for (const configuration of CONFIGURATIONS) {
      const outcome = planOf(problem, parseConfiguration(`${configuration},micro-batch=1`));
      if ('rule' in outcome || framework.reject(problem, outcome.plan) !== null) continue;
      if (estimate(problem, outcome.plan).verdict !== 'does-not-fit')
        return `${framework.id}: ${configuration}`;
    }
  }
  return null;
}

interface Known {
  readonly model: string;
  readonly config: Record<string, unknown>;
}

const { models } = JSON.parse(readFileSync('test/fixtures/hub-families.json', 'utf8')) as { models: Known[] };

/** Decoders; and lists of layers by their figures, which no framework here takes. */
const [DECODERS, LISTS] = [true, false].map((decoder) =>
  listModels().filter((name) => (loadModel(name).value.unit === undefined) === decoder),
) as [string[], string[]];

describe('a model that imports can be planned', () => {
  it.each(DECODERS)('%s', (name) => {
    expect(planned(loadModel(name).value)).not.toBeNull();
  });

  it.each(models.map(({ model, config }) => [model, config] as const))('%s', (name, config) => {
    expect(planned(fromHuggingFace(config, name))).not.toBeNull();
  });
});

describe('a launcher that does not run a model', () => {
  it.each(LISTS)('names for %s the layers; torchgpipe alone takes them, in fp32', (name) => {
    const model = loadModel(name).value;
    const takers = FRAMEWORKS.filter((one) => {
      const asked = problemOf(model, one);
      return one.excludes?.({ ...asked, workload: { ...asked.workload, precision: 'fp32' } }) === null;
    });
    expect(takers.map(({ id }) => id)).toEqual(['torchgpipe']);
    for (const framework of FRAMEWORKS.filter((one) => !takers.includes(one)))
      expect(framework.excludes?.(problemOf(model, framework)), framework.id).toMatchObject({
        rule: 'layer-kind',
        actual: expect.stringMatching(/^given in /),
        limit: expect.stringContaining(framework.name),
        hint: expect.stringContaining('--launcher any'),
      });
    expect(LAUNCHABLE.excludes(problemOf(model, FRAMEWORKS[0]!))?.rule).toBe('layer-kind');
  });

  it.each(DECODERS)('names for %s what stands in the way, and who does', (name) => {
    const model = loadModel(name).value;
    const takers = FRAMEWORKS.filter((one) => one.excludes?.(problemOf(model, one)) === null);
    for (const framework of FRAMEWORKS) {
      const reason = framework.excludes?.(problemOf(model, framework)) ?? null;
      if (reason === null) continue;
      expect(reason.actual).not.toBe('');
      const [first] = / --launcher ([a-z-]+)/.exec(` ${reason.hint}`)?.slice(1) ?? [];
      expect(takers.map(({ id }) => id)).toContain(first);
    }
    expect(LAUNCHABLE.excludes(problemOf(model, FRAMEWORKS[0]!))).toBeNull();
  });
});

describe('an example', () => {
  it.each(readdirSync('configs/examples'))('%s is a plan that a framework runs as printed', (file) => {
    const { launchers } = JSON.parse(readFileSync(`configs/examples/${file}`, 'utf8')) as {
      launchers: string[];
    };
    expect(launchers).not.toEqual([]);
    expect(FRAMEWORKS.map(({ id }) => id)).toEqual(expect.arrayContaining(launchers));
  });
});
