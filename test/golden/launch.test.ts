import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { loadCluster } from '../../src/catalogue/clusters.ts';
import { loadModel } from '../../src/catalogue/models.ts';
import type { PlanFile } from '../../src/catalogue/plan-file.ts';
import { loadStack } from '../../src/catalogue/stacks.ts';
import { asDriven } from '../../src/domain/half-sums.ts';
import { LAUNCHERS, launcherOf } from '../../src/frameworks/index.ts';
import { launchFolder } from '../../src/launch-folder/folder.ts';

/** The example where the files of a launcher are most telling; left out: the first that it runs. */
const EXAMPLE: Readonly<Partial<Record<string, string>>> = {
  megatron: 'llama-3.1-70b-32xh100-32xa100',
  'megatron-bridge': 'mixtral-8x7b-64xh100',
  torchtitan: 'llama-3.1-405b-512xh100',
  deepspeed: 'llama-3.1-8b-64xh100',
  flagscale: 'llama-3.1-70b-unlike-32xh100-32xa100',
  holmes: 'llama-3.1-70b-32xh100-ib-32xa100-roce',
  nanotron: 'qwen2.5-7b-64xh100',
  primus: 'llama-3.1-70b-64xmi300x',
  zorse: 'llama-2-7b-32xh100-32xmi300x',
  cephalo: 'llama-2-7b-32xh100-32xa100',
  hexiscale: 'llama-2-13b-8xa100-16xrtx4090',
  roundpipe: 'qwen3-32b-8x4090-dealt',
  paci: 'gpt2-medium-8x4090-paci',
  torchgpipe: 'amoebanet-d-8xp40',
  env: 'llama-3.1-70b-32xh100-32xa100',
  json: 'llama-3.1-8b-rtx4090-rtx3090',
};

function exampleOf(name: string) {
  const file = JSON.parse(readFileSync(`configs/examples/${name}.json`, 'utf8')) as PlanFile;
  const { sequenceLength, globalBatchSize, precision, optimizer, headroom, stack } = file.problem;
  const problem = asDriven({
    model: loadModel(file.inputs.model.name).value,
    cluster: loadCluster(file.inputs.cluster.name).value,
    stack: loadStack(stack),
    workload: { sequenceLength, globalBatchSize, precision, optimizer, headroom },
  });
  return { name, inputs: file.inputs, problem, plan: file.plans[0]!.plan };
}

const NAMES = readdirSync('configs/examples').map((path) => path.replace('.json', ''));

/** And what else is written for plans of another form. */
const MORE = [
  { id: 'torchtitan-islands', launcher: 'torchtitan', example: 'llama-3.1-8b-2x32xh100-islands' },
];

it.each([
  ...LAUNCHERS.map((launcher) => ({ id: launcher.id, launcher, known: EXAMPLE[launcher.id] })),
  ...MORE.map(({ id, launcher, example }) => ({ id, launcher: launcherOf(launcher)!, known: example })),
])('$id', async ({ id, launcher, known }) => {
  const examples = (known === undefined ? NAMES : [known]).map(exampleOf);
  const run = examples.find(({ problem, plan }) => launcher.reject(problem, plan) === null);
  expect(run, 'an example that it runs').toBeDefined();
  const { name, inputs, problem, plan } = run!;
  const context = {
    origin: `shardwright, ${name}.json#1`,
    inputs: { model: inputs.model.name, cluster: inputs.cluster.name },
  };
  for (const { path, content } of launchFolder(launcher, problem, plan, context))
    await expect(content).toMatchFileSnapshot(`snapshots/launch/${id}/${path}`);
});
