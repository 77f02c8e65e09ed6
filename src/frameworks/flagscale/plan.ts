import { groupOfDevice } from '../../domain/cluster.ts';
import { InputError } from '../../domain/input-error.ts';
import type { Plan, ReplicaBlock, Stage } from '../../domain/plan.ts';
import type { Problem } from '../../domain/problem.ts';
import { parseConfiguration } from '../../plan-text/configuration.ts';
import { resolved } from '../../plan-text/plan-of.ts';
import type { MegatronRun } from '../megatron/run.ts';
import { type FileMesh, type FileMeshes, layersOf, MESHES, sequencesAtOnce } from './file-meshes.ts';

/**
 * The plan of the meshes, whose stages take their ranks one after another. Throws InputError where the ranks of a copy are
 * not side by side, or not there. `configuration`: of what all meshes share.
 */
export function planOf(
  run: MegatronRun,
  found: FileMeshes,
  configuration: Readonly<Record<string, string>>,
  problem: Problem,
  devices: readonly number[],
): Plan {
  const layers = layersOf(run, found);
  const whole = sequencesAtOnce(run, found);
  const microBatches = Math.floor(problem.workload.globalBatchSize / whole);
  const text = Object.entries(configuration).map(([key, value]) => `${key}=${value}`);
  const stages: Stage[] = [];
  let rank = 0;
  let first = 0;
  for (const mesh of found.meshes) {
    for (let s = 0; s < mesh.pp; s++) {
      const end = first + (layers[stages.length] ?? 0);
      const gpus = mesh.tp * mesh.cp * mesh.dp;
      const mine = devices.slice(rank, rank + gpus);
      if (mine.length < gpus) throw tooFew(run, rank + gpus, devices.length, problem);
      stages.push({
        chunks: [{ first, end }],
        microBatchSize: whole / mesh.dp,
        replicas: blocksOf(run, mesh, mine, microBatches, problem),
      });
      rank += gpus;
      first = end;
    }
  }
  const [{ ep }] = found.meshes as [FileMesh];
  const dims = { cp: 1, ep, etp: Number(configuration.etp ?? 1), vpp: 1, dpReplicate: 1 };
  return resolved(problem, {
    pipelines: [{ stages, microBatches: microBatches * found.meshes[0]!.dp }],
    dims,
    schedule: '1f1b',
    techniques: parseConfiguration(text.join(',')).techniques,
    nodeOrder: null,
  });
}

/** Copies on devices in a row of one group are one block. */
function blocksOf(
  run: MegatronRun,
  { tp, cp, dp }: FileMesh,
  devices: readonly number[],
  microBatches: number,
  { cluster }: Problem,
): ReplicaBlock[] {
  const blocks: ReplicaBlock[] = [];
  for (let copy = 0; copy < dp; copy++) {
    const mine = devices.slice(copy * tp * cp, (copy + 1) * tp * cp);
    const firstDevice = mine[0]!;
    if (mine.some((device, i) => device !== firstDevice + i))
      throw new InputError({
        message: `a copy of a stage on GPUs ${mine.join(', ')} of ${cluster.name}`,
        expected: `${tp * cp} GPUs side by side`,
        at: { file: run.file, line: run.line(MESHES) },
      });
    const group = groupOfDevice(cluster, firstDevice).index;
    const last = blocks.at(-1);
    const joins = last?.group === group && last.firstDevice + last.count * tp * cp === firstDevice;
    if (joins) blocks[blocks.length - 1] = { ...last, count: last.count + 1 };
    else blocks.push({ count: 1, group, firstDevice, tp, microBatches });
  }
  return blocks;
}

function tooFew(run: MegatronRun, wanted: number, there: number, { cluster }: Problem): InputError {
  return new InputError({
    message: `meshes of at least ${wanted} GPUs`,
    expected: `the ${there} GPUs of ${cluster.name}`,
    at: { file: run.file, line: run.line(MESHES) },
  });
}
