import { nearest } from '../../units/nearest.ts';
import { FLAG_NAMES } from './flag-names.ts';
import type { MegatronRun } from './run.ts';

/** Flags that a script hands to torchrun or srun. */
const TORCHRUN: ReadonlySet<string> = new Set(
  `nnodes nproc-per-node nproc_per_node node-rank node_rank master-addr master_addr master-port master_port
  rdzv-id rdzv_id rdzv-backend rdzv_backend rdzv-endpoint rdzv_endpoint standalone nodes ntasks ntasks-per-node
  gpus-per-node nodelist exclusive job-name time output partition account container-image container-mounts`
    .split(/\s+/)
    .map((name) => `--${name}`),
);

/** Names of flags that are read and that today's parser has no more. */
const FORMER: ReadonlySet<string> = new Set(['--use-custom-fsdp']);

/** Flags that are none of Megatron-LM's: of a fork of it, or slips of the pen. */
export function strangersOf(run: MegatronRun): string[] {
  return [...run.flags.keys()].filter(
    (name) => !FLAG_NAMES.has(name.slice(2)) && !TORCHRUN.has(name) && !FORMER.has(name),
  );
}

/** Letters by which a slip of the pen differs. */
const SLIP = 2;

/** The flag that was meant, where only a slip of the pen stands between; null: it may be another's flag. */
export function slipOf(name: string): string | null {
  const bare = name.slice(2);
  const dashed = bare.replaceAll('_', '-');
  if (dashed !== bare && FLAG_NAMES.has(dashed)) return dashed;
  return bare.length > 2 * SLIP ? (nearest(bare, [...FLAG_NAMES], SLIP) ?? null) : null;
}
