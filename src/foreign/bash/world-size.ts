import type { Field } from './state.ts';

/** Of torchrun and its like: processes of a node, and nodes. */
const PER_NODE = /^--(?:nproc[-_]per[-_]node|num[-_]gpus)$/;
const NODES = /^--(?:nnodes|num[-_]nodes)$/;
const TORCHRUN = /(?:^|\/)(?:torchrun|deepspeed)$|^torch\.distributed\.(?:run|launch)$/;
const SRUN = /(?:^|\/)srun$/;
const MPIRUN = /(?:^|\/)mpi(?:run|exec)$/;

/**
 * GPUs that the words before a program start it on, one a process; null: they do not say. `told`: what Slurm would set from
 * the directives of the script.
 */
export function gpusOf(starter: readonly Field[], told: (name: string) => string | undefined): number | null {
  const value = (name: RegExp) => {
    for (const [i, { text }] of starter.entries()) {
      const [flag = '', ...stated] = text.split('=');
      if (name.test(flag)) return stated.length > 0 ? stated.join('=') : starter[i + 1]?.text;
    }
    return undefined;
  };
  const has = (name: RegExp) => starter.some(({ text }) => name.test(text));
  if (has(TORCHRUN)) return product(value(PER_NODE), value(NODES) ?? '1');
  if (has(SRUN))
    return (
      whole(value(/^(?:-n|--ntasks)$/)) ??
      product(
        value(/^--ntasks-per-node$/) ?? told('SLURM_NTASKS_PER_NODE'),
        value(/^(?:-N|--nodes)$/) ?? told('SLURM_NNODES'),
      ) ??
      whole(told('SLURM_NTASKS'))
    );
  return has(MPIRUN) ? whole(value(/^--?(?:np|n)$/)) : null;
}

function whole(text: string | undefined): number | null {
  return text !== undefined && /^\d+$/.test(text) && Number(text) > 0 ? Number(text) : null;
}

function product(perNode: string | undefined, nodes: string | undefined): number | null {
  const [each, all] = [whole(perNode), whole(nodes)];
  return each === null || all === null ? null : each * all;
}
