import { vendorsOf } from '../../domain/cluster.ts';
import type { Outline } from '../../domain/legality.ts';
import { type Plan, replicasOf } from '../../domain/plan.ts';
import { outerOf } from '../../techniques/index.ts';
import type { Reach } from '../port/framework.ts';
import { oneNetwork } from './one-network.ts';
import { no, type OutlineRule } from './rule.ts';

/** A plan without what an outline leaves out. */
export function outlineOf({ pipelines, dims, techniques }: Plan): Outline {
  const served = pipelines.flatMap(({ stages }) => stages.flatMap(({ replicas }) => replicas));
  return {
    served,
    depth: Math.max(...pipelines.map(({ stages }) => stages.length)),
    severalPipelines: pipelines.length > 1,
    ...(outerOf(techniques) === null ? {} : { apart: true }),
    cp: dims.cp,
    severalChunks: dims.vpp > 1,
    equalShares: new Set(served.map(({ microBatches }) => microBatches)).size <= 1,
    equalCopies: new Set(pipelines.flatMap(({ stages }) => stages.map(replicasOf))).size <= 1,
  };
}

/** What follows from the forms that a framework can express, before layers are cut. */
export function outlineRules({ name, capabilities: can }: Reach): OutlineRule[] {
  const rules: OutlineRule[] = [];
  if (!can.pipeline) rules.push(noPipeline(name));
  if (!can.severalPipelines) rules.push(unlessApart(can.islands, onePipeline(name)));
  if (!can.tensorParallel) rules.push(noTensorParallel(name));
  if (!can.tensorParallelPerStage) rules.push(oneTensorParallelSize(name), oneDataParallelSize(name));
  if (!can.gpuTypePerStage) rules.push(oneGpuType(name));
  if (!can.mixedVendors) rules.push(oneVendor);
  if (!can.unequalMicroBatches) rules.push(equalShares(name));
  if (!can.networkPerGroup) rules.push(unlessApart(can.islands, oneNetwork(name)));
  return rules;
}

/** What holds for the ranks of one job is no rule for islands that are jobs of their own. */
const unlessApart =
  (islands: boolean, rule: OutlineRule): OutlineRule =>
  (problem, outline) =>
    islands && outline.apart === true ? null : rule(problem, outline);

const noPipeline =
  (name: string): OutlineRule =>
  (_, { depth }) =>
    depth === 1 ? null : no('pipeline', `pp=${depth}`, `1: no pipeline of ${name} is planned for`, ELSEWHERE);

const noTensorParallel =
  (name: string): OutlineRule =>
  (_, { served }) => {
    const tp = Math.max(...served.map((block) => block.tp));
    return tp === 1
      ? null
      : no('tensor-parallel', `tp=${tp}`, `1: tensor parallelism of ${name} is not planned for`, ELSEWHERE);
  };

const ELSEWHERE = 'Maybe --launcher megatron.';

const onePipeline =
  (name: string): OutlineRule =>
  (_, { severalPipelines }) =>
    severalPipelines
      ? {
          rule: 'one-pipeline-shape',
          actual: 'several pipelines that differ',
          limit: `one shape in ${name}`,
        }
      : null;

const oneTensorParallelSize =
  (name: string): OutlineRule =>
  (_, { served }) => {
    const sizes = new Set(served.map((block) => block.tp));
    if (sizes.size <= 1) return null;
    return {
      rule: 'one-tensor-parallel-size',
      actual: `tensor parallelism ${[...sizes].join(', ')}`,
      limit: `one size in ${name}`,
    };
  };

const oneDataParallelSize =
  (name: string): OutlineRule =>
  (_, { equalCopies }) =>
    equalCopies
      ? null
      : no('one-data-parallel-size', 'unlike numbers of copies of the stages', `one number in ${name}`);

const equalShares =
  (name: string): OutlineRule =>
  (_, outline) =>
    outline.equalShares
      ? null
      : {
          rule: 'equal-micro-batches',
          actual: 'unlike numbers of micro-batches per replica',
          limit: `equal shares in ${name}`,
        };

const oneGpuType =
  (name: string): OutlineRule =>
  ({ cluster }, { served }) => {
    const types = new Set(served.map((block) => cluster.groups[block.group]!.gpu.id));
    if (types.size <= 1) return null;
    return {
      rule: 'one-gpu-type',
      actual: `stages on ${[...types].join(', ')}`,
      limit: `one GPU type in ${name}`,
    };
  };

/** NCCL and RCCL do not talk to each other. */
const oneVendor: OutlineRule = ({ cluster }, { served }) => {
  const vendors = vendorsOf(
    cluster,
    served.map(({ group }) => group),
  );
  if (vendors.size <= 1) return null;
  return {
    rule: 'one-vendor',
    actual: `GPUs of ${[...vendors].join(' and ')}`,
    limit: 'one collective library',
    hint: 'Maybe --launcher any, which ranks plans for a runtime of your own.',
  };
};
