import { InputError } from '../../domain/input-error.ts';
import type { Facts, Importer } from '../facts/facts.ts';
import { amdSmiCsv, amdSmiJson, amdSmiStatic, amdSmiTopology } from './amd-smi.ts';
import { kubectlDescribe, kubectlJson } from './kubernetes.ts';
import { mpiGraph } from './mpi-graph.ts';
import { ncclJson, ncclText } from './nccl-tests.ts';
import { nvidiaSmiList } from './nvidia-smi-list.ts';
import { nvidiaSmiQuery } from './nvidia-smi-query.ts';
import { nvidiaSmiTable } from './nvidia-smi-table.ts';
import { nvidiaSmiTopology } from './nvidia-smi-topology.ts';
import { osu } from './osu.ts';
import { p2pBandwidth } from './p2p-bandwidth.ts';
import { hexiscale, zorse } from './planners.ts';
import { rdmaDevices } from './rdma-devices.ts';
import { rocmSmiProduct, rocmSmiTopology } from './rocm-smi.ts';
import { sinfo } from './sinfo.ts';
import { scontrol } from './slurm.ts';
import { scontrolJson, sinfoJson } from './slurm-json.ts';

/** Every format that can be read. A new one is a file and a line here. */
export const IMPORTERS: readonly Importer[] = [
  hexiscale,
  zorse,
  ncclJson,
  kubectlJson,
  amdSmiJson,
  sinfoJson,
  scontrolJson,
  scontrol,
  rocmSmiTopology,
  rocmSmiProduct,
  ncclText,
  osu,
  mpiGraph,
  nvidiaSmiTopology,
  nvidiaSmiList,
  nvidiaSmiTable,
  amdSmiStatic,
  amdSmiCsv,
  amdSmiTopology,
  rdmaDevices,
  p2pBandwidth,
  kubectlDescribe,
  sinfo,
  nvidiaSmiQuery,
];

/** Reads one file, of several formats too; throws InputError naming the formats when it is of none. */
export function readFacts(content: string, file: string): Facts {
  const text = content.replace(/^\uFEFF/, '');
  if (text.trim() === '') throw new InputError({ message: `${file} is empty`, expected: formats() });
  // The byte-order mark of UTF-16 is no UTF-8.
  if (text.startsWith('\uFFFD\uFFFD')) throw otherEncoding(file);
  if (text.includes('\u0000'))
    throw new InputError({ message: `${file} is a binary file`, expected: formats() });
  const all = IMPORTERS.filter((one) => one.recognises(text));
  // A JSON document is of one format.
  const importers = /^\s*[{[]\s*["{]/.test(text) ? all.slice(0, 1) : all;
  if (importers.length === 0) {
    throw new InputError({
      message: `${file} is of no known format`,
      expected: formats(),
      hint: 'Maybe run what `shardwright cluster probe-script` prints.',
      at: { file, line: 1 },
    });
  }
  return importers
    .map((importer): Facts => {
      const facts = readWith(importer, text, file);
      return { ...facts, hosts: facts.hosts.map((host) => ({ ...host, tool: importer.format })) };
    })
    .reduce(joined);
}

function readWith(importer: Importer, text: string, file: string): Facts {
  try {
    return importer.read(text, file);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Its message quotes the file, and nccl-tests writes the whole environment there.
    const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? 0);
    throw new InputError({
      message: `${importer.format}: not JSON as a whole`,
      expected: 'whole JSON',
      hint: 'Maybe the file was cut off.',
      at: { file, line: text.slice(0, position).split('\n').length },
    });
  }
}

/** What two importers read in one file. */
function joined(one: Facts, other: Facts): Facts {
  return {
    format: `${one.format}, ${other.format}`,
    hosts: [...one.hosts, ...other.hosts],
    unusable: [...one.unusable, ...other.unusable],
    topologies: [...one.topologies, ...other.topologies],
    ports: [...one.ports, ...other.ports],
    pairs: [...one.pairs, ...other.pairs],
    curves: [...one.curves, ...other.curves],
    matrix: one.matrix ?? other.matrix,
    measured: [...one.measured, ...other.measured],
    notes: [...one.notes, ...other.notes],
  };
}

/** Windows PowerShell writes UTF-16. */
function otherEncoding(file: string): InputError {
  return new InputError({
    message: `${file} is UTF-16`,
    expected: 'UTF-8',
    hint: `Maybe iconv -f UTF-16 -t UTF-8 ${file}, or in PowerShell … | Out-File -Encoding utf8 ${file}.`,
  });
}

function formats(): string {
  return `one of ${IMPORTERS.map((one) => one.format).join(', ')}`;
}
