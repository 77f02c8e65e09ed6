import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import type { Configured } from '../plan-text/plan-of.ts';
import type { ReadInFile } from '../reporters/read-in-file.ts';
import type { Origin } from '../schema/estimate.ts';
import type { Settings } from './settings.ts';

/** One configuration that a command line asks for, and what was read on the way. */
export interface AskedPlan {
  readonly problem: Problem;
  readonly plan: Plan;
  readonly launcher: Framework | null;
  readonly origin: Origin;
  readonly inferred: readonly string[];
  readonly notes: readonly string[];
  /** A launch file or a plan file, and what was read in it; left out: neither. */
  readonly read?: ReadInFile;
  /** What the plan file says that its step takes, and what it is called; left out: the plan is of none, or changed since. */
  readonly stated?: { readonly name: string; readonly stepSeconds: number };
}

/** What a command line says of a configuration, before there is a problem to plan it on. */
export interface AskedFor {
  readonly notes: readonly string[];
  readonly read?: ReadInFile;
  /** What a file states: the flags of the command line win over it. */
  readonly workload: Settings;
  /** Rules of its launcher that a launch file breaks: it is taken to run all the same, and told so. */
  readonly broken: ReadonlySet<string>;
  planOn(problem: Problem): Configured | Reason;
}
