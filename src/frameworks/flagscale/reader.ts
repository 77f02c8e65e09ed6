import { askedOf } from '../megatron/asked.ts';
import { MEGATRON_FILE_RULES } from '../megatron/file-rules.ts';
import { readRun } from '../megatron/reader.ts';
import type { MegatronRun } from '../megatron/run.ts';
import type { Asked, LaunchReader, Source, Violation } from '../port/reader.ts';
import { broken } from '../reading/file-rule.ts';
import { type FileMeshes, fileMeshes, sequencesAtOnce, sizeOf, stageOf, withLayout } from './file-meshes.ts';
import { MESH_RULES } from './file-rules.ts';
import { fileRun } from './file-run.ts';
import { HOSTFILE, hostLines } from './hostfile.ts';
import { planOf } from './plan.ts';
import { withOneRecomputation } from './recompute-lists.ts';
import { TRAINING } from './training.ts';

const keyOf = (flag: string) => flag.slice(2).replaceAll('-', '_');

/** FlagScale's inner file, and the hostfile beside it. Without `enable_hetero` it is Megatron-LM's law alone. */
export const flagscaleReader: LaunchReader = {
  file: TRAINING,
  rules: [...MESH_RULES, ...MEGATRON_FILE_RULES],
  read(source) {
    const run = fileRun(source.value(), source.path);
    if (!run.has('--enable-hetero')) return readRun(run, { rules: MEGATRON_FILE_RULES, nameOf: keyOf });
    const hosts = hostsBeside(source);
    return {
      asked: () => askedOfMeshes(run, fileMeshes(run, hosts, null)),
      violations: (gpus) => violationsOf(run, fileMeshes(run, hosts, gpus)),
    };
  },
};

function hostsBeside({ beside }: Source) {
  const text = beside?.(HOSTFILE) ?? null;
  return text === null ? null : hostLines(text);
}

function askedOfMeshes(run: MegatronRun, found: FileMeshes): Asked {
  const asked = askedOf(withLayout(withOneRecomputation(run), found));
  const { tp: _, pp: __, cp: ___, layers: ____, ...shared } = asked.configuration;
  const [{ tp, dp }] = found.meshes as [FileMeshes['meshes'][number]];
  const alike = found.meshes.every((mesh) => mesh.tp === tp && mesh.dp === dp);
  const sp = found.meshes.some((mesh) => mesh.tp > 1) && run.has('--sequence-parallel');
  const all = { ...shared, sp: String(sp) };
  return {
    ...asked,
    // Unlike meshes are no configuration.
    configuration: alike ? { ...asked.configuration, dp: String(dp) } : {},
    notes: asked.notes?.map((note) => note.replaceAll(/--[a-z][a-z0-9-]*/g, keyOf)) ?? [],
    plan: (problem, devices) => planOf(run, found, techniquesIn(all), problem, devices),
  };
}

/** What is left of a configuration without its degrees, but for the experts'. */
function techniquesIn(all: Readonly<Record<string, string>>): Record<string, string> {
  const degrees = ['ep', 'micro-batch', 'vpp', 'dp-replicate'];
  return Object.fromEntries(Object.entries(all).filter(([key]) => !degrees.includes(key)));
}

/** Of the meshes; then each stage of a mesh keeps Megatron-LM's law as a job of its own. */
function violationsOf(run: MegatronRun, found: FileMeshes): Violation[] {
  const own = broken(MESH_RULES, run, found, (flag) => run.line(flag));
  const whole = sequencesAtOnce(run, found);
  const stages = found.meshes.filter(({ dp }) => whole % dp === 0);
  const inMeshes = stages.flatMap((mesh) =>
    readRun(stageOf(run, found, mesh), { rules: MEGATRON_FILE_RULES, nameOf: keyOf }).violations(
      sizeOf(mesh) / mesh.pp,
    ),
  );
  const once = new Map([...own.map(named), ...inMeshes].map((one) => [JSON.stringify(one), one]));
  return [...once.values()];
}

function named(one: Violation): Violation {
  const keys = (text: string) => text.replaceAll(/--[a-z][a-z0-9-]*/g, keyOf);
  return { ...one, actual: keys(one.actual), limit: keys(one.limit), fix: keys(one.fix) };
}
