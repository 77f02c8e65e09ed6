import type { Cluster } from '../domain/cluster.ts';
import { isFull } from '../domain/dtype.ts';
import type { Staleness } from '../domain/estimate.ts';
import { PROFILE_PARTS } from '../domain/layer-profile.ts';
import type { ModelSpec } from '../domain/model.ts';
import { groupsOf, type Plan, replicasOf } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import { type Provenance, weakest } from '../domain/provenance.ts';
import { supports } from '../hardware/gemm.ts';
import { hostOf } from '../hardware/host.ts';
import { joinOf } from '../hardware/transport.ts';
import { isMoe, weakTimes } from '../layers/layer.ts';
import { PROJECTOR, towerParameters } from '../layers/towers.ts';
import { optimizerOf } from '../optimizers/index.ts';
import { scheduleOf } from '../schedules/index.ts';
import { TECHNIQUES, usedDevices } from '../techniques/index.ts';
import { recompute } from '../techniques/recompute.ts';
import { formatParameters } from '../units/format.ts';
import { besideTold } from './beside-told.ts';
import { calibrationTold } from './calibration-told.ts';
import { hasPart } from './measured/reading.ts';
import { layerProvenance, toldOfProfile } from './measured/told.ts';
import { shapeOf } from './memory/stage-memory.ts';

/** The least trustworthy figure that this plan's estimate rests on. */
export function provenanceOf(problem: Problem, plan: Plan): Provenance {
  const { cluster } = problem;
  const used = groupsOf(plan);
  const all: Provenance[] = [];
  for (const index of used) {
    const group = cluster.groups[index]!;
    const { gemm, attention, memory, peak } = group.gpu.provenance;
    const layers = layerProvenance(problem, plan, group.gpu.id);
    const kernels = isFull(problem.workload.precision) ? (['assumed'] as const) : [gemm, attention];
    all.push(...(layers === null ? [...kernels, peak] : [layers]));
    if (layers === null && weakTimes(problem.model).length > 0) all.push('assumed');
    all.push(memory, group.intraNode.provenance, group.provenance);
    if (group.nodes > 1) all.push(group.nic.link.provenance);
  }
  if (hostsTold(problem, plan, used).length > 0) all.push('assumed');
  if (isStaged(plan) && scheduleOf(plan.schedule).assumed !== undefined) all.push('assumed');
  if (TECHNIQUES.some((one) => (one.assumed?.(one.of(plan.techniques)) ?? []).length > 0))
    all.push('assumed');
  if (problem.model.towers?.some(({ images }) => images !== undefined) === true) all.push('assumed');
  for (const { from, to, provenance } of cluster.links)
    if (used.includes(from) && used.includes(to)) all.push(provenance);
  if (cluster.measured === undefined && joinsAssumed(cluster, used)) all.push('assumed');
  if ((problem.workload.packing?.assumed.length ?? 0) > 0 || problem.workload.models !== undefined)
    all.push('assumed');
  return weakest(all);
}

/** What is taken of hosts that a plan has anything lie on. */
function hostsTold({ cluster, workload }: Problem, { techniques }: Plan, used: readonly number[]): string[] {
  const devices = usedDevices(techniques);
  if (devices.size === 0 && workload.models?.some(({ offloaded }) => offloaded) !== true) return [];
  return used.flatMap((index) => {
    const { memory, transfers, disk } = hostOf(cluster.groups[index]!).assumed;
    return [...memory, ...transfers, ...(devices.has('disk') ? disk : [])];
  });
}

function joinsAssumed(cluster: Cluster, used: readonly number[]): boolean {
  return used.some((a, i) => used.slice(i).some((b) => !joinOf(cluster, a, b).stated));
}

/** What had to be assumed, in words: the cluster's own list, and what this plan's GPUs lack. */
export function assumptionsOf(problem: Problem, plan: Plan): string[] {
  const { cluster, workload, stack } = problem;
  const list = [...calibrationTold(problem), ...cluster.assumptions];
  const used = groupsOf(plan);
  for (const index of used) {
    const { gpu } = cluster.groups[index]!;
    const { precision } = workload;
    const measured = layerProvenance(problem, plan, gpu.id) !== null;
    if (!measured) list.push(...weakTimes(problem.model).filter((line) => !list.includes(line)));
    const parts = PROFILE_PARTS.filter((part) => part === 'layer' || problem.model.vocabSize > 0);
    const rest = parts.filter((part) => !hasPart(problem, gpu.id, part));
    if (gpu.provenance.gemm === 'assumed' && rest.length > 0)
      list.push(
        `${gpu.id}: GEMM speed${measured ? ` of ${rest.join(', ')}` : ''} scaled from ${gpu.curvesOf ?? 'a similar GPU'}, not measured`,
      );
    else if (gpu.provenance.attention === 'assumed' && !measured)
      list.push(`${gpu.id}: attention speed scaled from ${gpu.curvesOf ?? 'a similar GPU'}, not measured`);
    if (isMoe(problem.model) && gpu.sustainedFit === null && !gpu.expertRuns && !measured)
      list.push(`${gpu.id}: no published run of experts on it to hold this against; the band is wider`);
    if (isFull(precision) && !measured)
      list.push(
        `${gpu.id}: ${precision} kernels not measured, priced as those of 16 bits at the peak of ${precision}`,
      );
    if (!supports(gpu, precision))
      list.push(`${gpu.id}: no ${precision} arithmetic of its own; priced at the next wider format`);
  }
  list.push(
    ...hostsTold(problem, plan, used),
    ...(isStaged(plan) ? (scheduleOf(plan.schedule).assumed ?? []) : []),
    ...TECHNIQUES.flatMap((one) => one.assumed?.(one.of(plan.techniques)) ?? []),
  );
  list.push(...toldOfProfile(problem, plan));
  list.push(...packingTold(problem), ...besideTold(problem));
  list.push(...(optimizerOf(workload.optimizer).assumed ?? []));
  list.push(...(problem.model.training?.assumed ?? []), ...towersTold(problem.model));
  const { maxSequenceLength, alibi } = problem.model;
  if (maxSequenceLength !== undefined && workload.sequenceLength > maxSequenceLength && alibi !== true)
    list.push(
      `sequence ${workload.sequenceLength} is longer than the ${maxSequenceLength} positions of ${problem.model.name}: positions beyond are extended`,
    );
  if (stack.id === 'generic') list.push('software stack not named: generic kernels and overlap');
  // Groups of one GPU say the same of it.
  return [...new Set(list)];
}

/** What a plan costs in convergence, in words. */
export function pricesOf({ workload }: Problem, plan: Plan): string[] {
  const { techniques } = plan;
  const training = {
    optimizer: workload.optimizer,
    recomputes: recompute.of(techniques).mode !== 'none',
  };
  const ofSchedule = isStaged(plan) ? (scheduleOf(plan.schedule).price?.(training) ?? []) : [];
  return [...ofSchedule, ...TECHNIQUES.flatMap((one) => one.price?.(one.of(techniques)) ?? [])];
}

/** How old the weights are that gradients are taken of: of the pipeline where they are oldest; null: none of them is. */
export function stalenessOf(plan: Plan): Staleness | null {
  const { stale } = scheduleOf(plan.schedule);
  const ofPipelines = plan.pipelines.flatMap(({ stages, microBatches }) => {
    const perCopy = Math.floor(microBatches / replicasOf(stages[0]!));
    return stages.length === 1 || stale === undefined ? [] : [stale(shapeOf(plan, stages.length, perCopy))];
  });
  const ofTechniques = TECHNIQUES.flatMap((one) => one.stale?.(one.of(plan.techniques)) ?? []);
  return [...ofPipelines, ...ofTechniques].reduce<Staleness | null>(
    (oldest, one) => (oldest === null || one.updates > oldest.updates ? one : oldest),
    null,
  );
}

/** A schedule says something of it: one stage alone has none. */
function isStaged({ pipelines }: Plan): boolean {
  return pipelines.some(({ stages }) => stages.length > 1);
}

function packingTold({ workload: { packing }, stack }: Problem): string[] {
  if (packing === undefined) return [];
  return stack.attentionKernel === 'unfused' && packing.separate
    ? [...packing.assumed, 'unfused attention over whole sequences: it has no cu_seqlens']
    : [...packing.assumed];
}

/** What is counted of towers, and what is not. */
function towersTold({ towers = [] }: ModelSpec): string[] {
  return towers.map((tower) => {
    const { name, kind, trained = true } = tower;
    const parameters = towerParameters(tower);
    if (name === PROJECTOR && parameters !== null)
      return `projector (${kind}, ${formatParameters(parameters)} parameters): held with the embedding, ${trained ? 'trained' : 'frozen'}; its activations and its time are not counted`;
    if (parameters === null)
      return name === PROJECTOR
        ? `what joins the tower to the decoder (${kind}): left out, its weights and its time`
        : `${name} tower (${kind}): left out, its weights and its time`;
    const what = `${name} tower (${kind}, ${formatParameters(parameters)} parameters): held with the embedding, ${trained ? 'trained' : 'frozen'}`;
    const { images, layers } = tower;
    if (images === undefined || layers === undefined)
      return `${what}; its activations and its time are not counted`;
    const seen = `${images.perSequence} image${images.perSequence === 1 ? '' : 's'} of ${layers.patches} patches in a sequence${images.stated ? '' : ' (--images)'}`;
    return `${what}; ${seen}, worked out whole on each GPU of its stage`;
  });
}
