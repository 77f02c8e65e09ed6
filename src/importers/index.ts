import { InputError } from '../domain/input-error.ts';
import type { Facts, Importer } from './facts.ts';
import { mpiGraph, osu } from './mpi.ts';
import { ncclJson, ncclText } from './nccl-tests.ts';
import { nvidiaSmiQuery } from './nvidia-smi-query.ts';
import { hexiscale, zorse } from './planners.ts';
import { scontrol, sinfo, slurmJson } from './slurm.ts';
import { nvidiaSmiTopology, rocmSmiTopology } from './topology.ts';

/** Every format that can be read. A new one is a file and a line here. */
export const IMPORTERS: readonly Importer[] = [
  hexiscale,
  zorse,
  ncclJson,
  slurmJson,
  scontrol,
  rocmSmiTopology,
  ncclText,
  osu,
  mpiGraph,
  nvidiaSmiTopology,
  sinfo,
  nvidiaSmiQuery,
];

/** Reads one file of whatever format it is; throws InputError naming the formats when it is none. */
export function readFacts(text: string, file: string): Facts {
  if (text.trim() === '') throw new InputError({ message: `${file} is empty`, expected: formats() });
  if (text.includes('\u0000'))
    throw new InputError({ message: `${file} is a binary file`, expected: formats() });
  const importer = IMPORTERS.find((one) => one.recognises(text));
  if (importer === undefined) {
    throw new InputError({
      message: `${file} is of no known format`,
      expected: formats(),
      hint: 'Maybe run what `shardwright cluster probe-script` prints.',
      at: { file, line: 1 },
    });
  }
  try {
    return importer.read(text, file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InputError({
      message: `${importer.format}: ${error.message}`,
      expected: 'whole JSON',
      hint: 'Maybe the file was cut off.',
      at: { file, line: 1 },
    });
  }
}

function formats(): string {
  return `one of ${IMPORTERS.map((one) => one.format).join(', ')}`;
}
