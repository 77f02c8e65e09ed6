import { InputError } from '../../domain/input-error.ts';
import type { Flag } from '../megatron/flags.ts';
import { type MegatronRun, megatronRun } from '../megatron/run.ts';
import type { HostLine } from './hostfile.ts';
import type { Mesh } from './meshes.ts';

export const MESHES = '--hetero-process-meshes';
export const TYPES = '--hetero-device-types';
export const SPLIT = '--hetero-pipeline-layer-split';
export const CURRENT = '--hetero-current-device-type';

/** A mesh as the file has it. `type` null: the file names none for it. */
export interface FileMesh extends Omit<Mesh, 'type'> {
  readonly type: string | null;
  readonly cp: number;
  readonly ep: number;
  readonly etp: number | null;
}

/** What the file says of its meshes, beside the hostfile if there is one. */
export interface FileMeshes {
  readonly numbers: readonly number[];
  readonly meshes: readonly FileMesh[];
  readonly types: readonly string[];
  /** Stages of all meshes. */
  readonly pp: number;
  readonly hosts: readonly HostLine[] | null;
  readonly gpus: number | null;
}

/** Throws InputError where the file has no meshes, or something else than whole numbers for them. */
export function fileMeshes(
  run: MegatronRun,
  hosts: readonly HostLine[] | null,
  gpus: number | null,
): FileMeshes {
  const numbers = wholes(run, MESHES);
  if (numbers.length < 5)
    throw new InputError({
      message: `${run.file} has no hetero_process_meshes`,
      expected: 'five whole numbers for each mesh: tp, cp, ep, dp, pp',
      at: { file: run.file, line: run.line(MESHES) },
    });
  const types = run.flags.get(TYPES)?.values ?? [];
  const etps = wholes(run, '--expert-tensor-parallel-size-per-process-mesh');
  const meshes = Array.from({ length: Math.floor(numbers.length / 5) }, (_, i): FileMesh => {
    const [tp, cp, ep, dp, pp] = numbers.slice(5 * i) as [number, number, number, number, number];
    return { type: types[i] ?? null, tp, cp, ep, dp, pp, etp: etps[i] ?? null };
  });
  return { numbers, meshes, types, pp: meshes.reduce((sum, mesh) => sum + mesh.pp, 0), hosts, gpus };
}

/** The numbers after a flag; none where it is not said. Throws InputError where one is no whole number above zero. */
export function wholes(run: MegatronRun, name: string): number[] {
  return (run.flags.get(name)?.values ?? []).map((text) => {
    const number = Number(text);
    if (Number.isInteger(number) && number > 0) return number;
    throw new InputError({
      message: `${text} in ${name.slice(2).replaceAll('-', '_')}`,
      expected: 'whole numbers above zero',
      at: { file: run.file, line: run.line(name) },
    });
  });
}

export const sizeOf = ({ tp, cp, dp, pp }: FileMesh): number => tp * cp * dp * pp;

/** Layers of each stage: those of the file, or as many on each. */
export function layersOf(run: MegatronRun, { pp }: FileMeshes): number[] {
  const split = wholes(run, SPLIT);
  const layers = run.count('--num-layers') ?? 0;
  return split.length > 0 ? split : new Array<number>(pp).fill(Math.floor(layers / pp));
}

/** Sequences that all copies of a mesh take at once: dp·micro-batch of the first. */
export function sequencesAtOnce(run: MegatronRun, { meshes }: FileMeshes): number {
  return meshes[0]!.dp * (run.count('--micro-batch-size') ?? 1);
}

/** The run with the stages of its split as a layout of Megatron-LM's. */
export function withLayout(run: MegatronRun, found: FileMeshes): MegatronRun {
  const layers = layersOf(run, found);
  const last = layers.length - 1;
  const text = layers.map((n, i) => `${i === 0 ? 'E' : ''}t*${n}${i === last ? 'L' : ''}`).join('|');
  const line = run.line(SPLIT);
  const set: Flag[] = [
    { name: '--pipeline-model-parallel-layout', values: [text], line },
    { name: '--pipeline-model-parallel-size', values: [String(layers.length)], line },
  ];
  return changed(run, layers.length > 1 ? set : []);
}

/** One stage of a mesh as a job of Megatron-LM's own. */
export function stageOf(run: MegatronRun, found: FileMeshes, mesh: FileMesh): MegatronRun {
  const line = run.line(MESHES);
  const of = (name: string, value: number) => ({ name, values: [String(value)], line });
  return changed(run, [
    of('--tensor-model-parallel-size', mesh.tp),
    of('--context-parallel-size', mesh.cp),
    of('--expert-model-parallel-size', mesh.ep),
    of('--pipeline-model-parallel-size', 1),
    of('--micro-batch-size', sequencesAtOnce(run, found) / mesh.dp),
    ...(mesh.etp === null ? [] : [of('--expert-tensor-parallel-size', mesh.etp)]),
  ]);
}

function changed(run: MegatronRun, flags: readonly Flag[]): MegatronRun {
  const all = new Map([...run.flags, ...flags.map((flag) => [flag.name, flag] as const)]);
  return megatronRun(all, run.file, run.variables, run.whole);
}
