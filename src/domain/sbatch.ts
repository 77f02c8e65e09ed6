/** Long options of sbatch and their values; true: given without one; false: left off, where a default would put it. */
export type SbatchOptions = Readonly<Record<string, string | boolean>>;

/** Whether an option takes a value. */
export type SbatchArgument = 'value' | 'none' | 'either';

/** Those that sbatch has a setter for, by `has_arg` (Slurm 284c3b9 of 2026-08-20, src/common/slurm_opt.c). */
const NAMES: Readonly<Record<SbatchArgument, string>> = {
  value: `account acctg-freq array autocomplete batch bb bbf begin chdir cluster cluster-constraint clusters comment
    constraint container container-id context core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline
    delay-boot dependency distribution error exclude export export-file extra extra-node-info gid gpu-bind gpu-freq gpus
    gpus-per-node gpus-per-socket gpus-per-task gres gres-flags hint input job-name kill-on-invalid-dep licenses mail-type
    mail-user mcs-label mem mem-bind mem-per-cpu mem-per-gpu mem-update mincpus network nodefile nodelist nodes ntasks
    ntasks-per-core ntasks-per-gpu ntasks-per-node ntasks-per-socket ntasks-per-tres open-mode output partition prefer
    priority profile qos reservation resources runtime segment signal sockets-per-node switches tasks-per-node thread-spec
    threads-per-core time time-min tmp tres-bind tres-per-task uid wait-all-nodes wckey wrap`,
  none: `consolidate-segments contiguous external get-user-env help hold ignore-pbs no-requeue overcommit oversubscribe
    parsable quiet reboot spread-job spread-segments stepmgr test-only usage use-min-nodes verbose version wait`,
  either: 'exclusive nice no-kill oom-kill-step propagate requeue resv-ports',
};

export const SBATCH_OPTIONS: ReadonlyMap<string, SbatchArgument> = new Map(
  (Object.keys(NAMES) as SbatchArgument[]).flatMap((argument) =>
    namesOf(NAMES[argument]).map((name) => [name, argument] as const),
  ),
);

/**
 * What a later component of a heterogeneous job takes over from the one before it, unless it says otherwise (Slurm
 * 284c3b9, doc/html/heterogeneous_jobs.shtml, "Submitting Jobs"). All else starts from Slurm's default in each.
 */
export const CARRIED_OVER: ReadonlySet<string> = new Set(
  namesOf(`account acctg-freq begin cluster-constraint clusters comment deadline delay-boot dependency distribution error
    export export-file exclude get-user-env gid hold ignore-pbs input job-name mcs-label mem no-requeue nice no-kill
    open-mode output parsable priority profile propagate qos quiet reboot reservation requeue signal time test-only
    time-min uid verbose wait wait-all-nodes wckey`),
);

/** What is said once for the whole job: the script runs in the first component, and so do its files and mails. */
export const WHOLE_JOB: ReadonlySet<string> = new Set(
  namesOf(`begin bb bbf chdir cluster clusters comment deadline dependency error export export-file get-user-env gid hold
    input job-name kill-on-invalid-dep licenses mail-type mail-user no-requeue open-mode output parsable propagate quiet
    requeue signal test-only uid verbose wait wait-all-nodes`),
);

/** Of each of these a component takes one: saying one for a group puts away what was said of the others for all. */
export const ONE_OF: readonly (readonly string[])[] = [
  ['mem', 'mem-per-cpu', 'mem-per-gpu'],
  ['cpus-per-task', 'cpus-per-gpu'],
  ['gpus-per-node', 'gres'],
  ['exclusive', 'oversubscribe'],
  ['requeue', 'no-requeue'],
];

const TASKS = 'one torchrun starts the ranks of a host: one task a node';
const ORDER = 'the order of nodes is the order of ranks';
const GPUS = 'GPUs follow from the plan; a type is said as gpus-per-node or gres';
const SHELL = 'it belongs on the command line of sbatch, not in a job';

/** What a plan decides, and why. */
export const DECIDED: Readonly<Record<string, string>> = {
  nodes: 'the plan says how many nodes it uses',
  nodelist: 'hosts are named in the cluster file, and planned with',
  nodefile: 'hosts are named in the cluster file, and planned with',
  array: 'a plan is one job',
  hetjob: 'node groups and their order say which components there are',
  wrap: 'job.sbatch is the script',
  distribution: ORDER,
  'spread-job': ORDER,
  'use-min-nodes': 'the plan says how many nodes it uses',
  ...Object.fromEntries(
    namesOf(
      'ntasks ntasks-per-node tasks-per-node ntasks-per-core ntasks-per-gpu ntasks-per-socket ntasks-per-tres',
    ).map((name) => [name, TASKS]),
  ),
  ...Object.fromEntries(
    namesOf('gpus gpus-per-task gpus-per-socket tres-per-task').map((name) => [name, GPUS]),
  ),
  ...Object.fromEntries(namesOf('help usage version autocomplete').map((name) => [name, SHELL])),
};

function namesOf(list: string): string[] {
  return list.trim().split(/\s+/);
}
