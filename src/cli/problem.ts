import { loadCalibration } from '../catalogue/calibrations.ts';
import type { ClusterChange } from '../catalogue/cluster-change.ts';
import { loadCluster } from '../catalogue/clusters.ts';
import { loadLayerProfile } from '../catalogue/layer-profiles.ts';
import { loadModel } from '../catalogue/models.ts';
import { packingFrom } from '../catalogue/packing.ts';
import { loadStack } from '../catalogue/stacks.ts';
import { calibrated } from '../domain/calibrated.ts';
import type { Cluster } from '../domain/cluster.ts';
import { PRECISIONS, type Precision } from '../domain/dtype.ts';
import type { GpuSpec } from '../domain/gpu.ts';
import { asDriven } from '../domain/half-sums.ts';
import { InputError } from '../domain/input-error.ts';
import type { ModelSpec } from '../domain/model.ts';
import type { Problem } from '../domain/problem.ts';
import { LAUNCHERS, launcherOf } from '../frameworks/index.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { asTrained } from '../layers/training/as-trained.ts';
import { withinSequence } from '../layers/within-sequence.ts';
import { OPTIMIZERS } from '../optimizers/index.ts';
import { trainingFrom } from '../plan-text/asked-training.ts';
import { type ChosenOptimizer, parseOptimizer } from '../plan-text/optimizer-text.ts';
import type { Origin } from '../schema/estimate.ts';
import { nearest } from '../units/nearest.ts';
import { chosenGpus } from './cluster-choice.ts';
import { withImages } from './images.ts';
import { keptFreeFrom } from './kept-free.ts';
import { globalBatchFrom, sequenceLengthFrom } from './lengths.ts';
import { modelsFrom } from './models.ts';
import { clusterDigest, modelDigest } from './planned-inputs.ts';
import { routingFrom } from './routing.ts';
import type { Settings } from './settings.ts';
import { toolVersion } from './version.ts';

export interface Given {
  readonly problem: Problem;
  readonly launcher: Framework | null;
  readonly origin: Origin;
}

/** Reads model and cluster and the workload flags; `change`: of the cluster, for a question of what if. */
export function given(
  modelName: string,
  clusterName: string,
  s: Settings,
  change: ClusterChange | null = null,
): Given {
  const launcher = launcherFrom(s.launcher ?? 'any');
  const calibration = s.calibration === undefined ? null : loadCalibration(s.calibration);
  const model = loadModel(modelName);
  const loaded = loadCluster(clusterName, change);
  const cluster = { ...loaded, value: chosenGpus(loaded.value, s['gpu-types']) };
  const training = trainingFrom(model.value, s);
  if (training !== null && s['layer-profile'] !== undefined)
    throw new InputError({
      message: `--layer-profile is "${s['layer-profile']}", but --train is "${s.train}"`,
      expected: '--train full: layers are measured with all their weights trained',
    });
  const sequenceLength = lengthOf(model.value, s);
  const packing = packingFrom(s.packing, sequenceLength);
  if (packing !== undefined && s['layer-profile'] !== undefined)
    throw new InputError({
      message: `--packing is "${s.packing}", beside --layer-profile`,
      expected: 'one of them: layers are measured on sequences of one length',
    });
  const bound = withinSequence(model.value, sequenceLength);
  const stated = asDriven({
    model: withImages(training === null ? bound : asTrained(bound, training), s, sequenceLength),
    cluster: cluster.value,
    ...(s['layer-profile'] === undefined
      ? {}
      : { layerProfile: loadLayerProfile(s['layer-profile'], bound, gpusOf(loaded.value)) }),
    stack: loadStack(s.stack ?? launcher?.stack ?? calibration?.stack ?? 'generic'),
    workload: {
      sequenceLength,
      globalBatchSize: globalBatchFrom(s['global-batch'], sequenceLength),
      precision: precisionFrom(s.precision ?? 'bf16'),
      ...optimizerFrom(s.optimizer ?? OPTIMIZERS[0]!.id),
      ...keptFreeFrom(cluster.value, s),
      ...(packing === undefined ? {} : { packing }),
      ...routingFrom(s.routing, bound),
      ...modelsFrom(s.models, s.precision ?? 'bf16', sequenceLength, modelName),
    },
  });
  const problem = calibration === null ? stated : calibrated(stated, calibration);
  const positions = problem.model.learnedPositions;
  if (positions > 0 && sequenceLength > positions) {
    throw new InputError({
      message: `--seq-length is ${sequenceLength}`,
      expected: `at most ${positions}, the learned positions of ${model.value.name}`,
    });
  }
  return {
    problem,
    launcher,
    origin: {
      toolVersion: toolVersion(),
      inputs: {
        model: { name: modelName, sha256: model.sha256, plannedSha256: modelDigest(model.value) },
        cluster: {
          name: clusterName,
          sha256: cluster.sha256,
          plannedSha256: clusterDigest(loaded.value),
        },
      },
    },
  };
}

/** A sample stands for a sequence of one token where a model has none. */
function lengthOf({ unit, name }: ModelSpec, { 'seq-length': asked, packing }: Settings): number {
  if (unit === undefined) return sequenceLengthFrom(asked);
  const [flag, text] =
    asked !== undefined && asked !== '1' ? ['--seq-length', asked] : ['--packing', packing];
  if (text === undefined) return 1;
  throw new InputError({
    message: `${flag} is "${text}"`,
    expected: `no ${flag}: ${name} has no sequences, and its batch is counted in ${unit}`,
  });
}

function gpusOf({ groups }: Cluster): GpuSpec[] {
  return groups.map(({ gpu }) => gpu);
}

/** `any`: null, no launcher in particular. `flag`: what the user wrote it after. */
export function launcherFrom(id: string, flag = '--launcher'): Framework | null {
  if (id === 'any') return null;
  const found = launcherOf(id);
  if (found !== undefined) return found;
  const ids = [...LAUNCHERS.map((launcher) => launcher.id), 'any'];
  const near = nearest(id, ids);
  throw new InputError({
    message: `${flag} is "${id}"`,
    expected: `one of ${ids.join(', ')}`,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
}

/** Precisions as other tools call them. */
const CALLED: Readonly<Record<string, Precision>> = {
  ...{ bfloat16: 'bf16', float16: 'fp16', half: 'fp16', float32: 'fp32', float: 'fp32', single: 'fp32' },
  ...{ e4m3: 'fp8', e5m2: 'fp8', hybrid: 'fp8', float8: 'fp8', rowwise: 'fp8-rowwise', fp4: 'nvfp4' },
};

function precisionFrom(text: string): Precision {
  const known = PRECISIONS.find((one) => one === text);
  if (known !== undefined) return known;
  const near = CALLED[text.toLowerCase()] ?? nearest(text, PRECISIONS);
  throw new InputError({
    message: `--precision is "${text}"`,
    expected: `one of ${PRECISIONS.join(', ')}`,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
}

export function optimizerFrom(text: string): ChosenOptimizer {
  const chosen = parseOptimizer(text);
  if ('optimizer' in chosen) return chosen;
  const { message, ...others } = chosen;
  throw new InputError({ message: `--optimizer is "${text}": ${message}`, ...others });
}
