import { known, type Value } from './state.ts';

/** Variables that Slurm sets from what a script asks for in `#SBATCH` lines, where those say it in numbers. */
export function slurmVariables(text: string): Map<string, Value> {
  const found = new Map<string, Value>();
  const set = (names: readonly string[], value: string, line: number) => {
    for (const name of names) found.set(name, [known(value, line)]);
  };
  for (const [i, row] of text.split(/\r?\n/).entries()) {
    const directive = /^#SBATCH\s+(--?[a-zA-Z-]+)[=\s]*(\S*)/.exec(row);
    if (directive === null) continue;
    const [, option = '', value = ''] = directive;
    if (option === '--nodes' || option === '-N') {
      if (/^\d+$/.test(value)) set(['SLURM_NNODES', 'SLURM_JOB_NUM_NODES'], value, i + 1);
    } else if (option === '--ntasks-per-node')
      set(['SLURM_NTASKS_PER_NODE', 'SLURM_TASKS_PER_NODE'], value, i + 1);
    else if (option === '--ntasks' || option === '-n') set(['SLURM_NTASKS', 'SLURM_NPROCS'], value, i + 1);
    else if (option === '--gpus-per-node' || option === '--gres') {
      const count = /^(?:gpu:)?(?:[\w.-]+:)?(\d+)/.exec(value)?.[1];
      if (count !== undefined) set(['SLURM_GPUS_PER_NODE', 'SLURM_GPUS_ON_NODE'], count, i + 1);
    }
  }
  return found;
}
