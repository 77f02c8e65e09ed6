import { deviceCount } from '../domain/cluster.ts';
import type { Estimate } from '../domain/estimate.ts';
import type { Plan } from '../domain/plan.ts';
import type { Problem } from '../domain/problem.ts';
import type { Reason } from '../domain/reason.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { estimate } from '../evaluate/estimate.ts';
import { changes } from '../frameworks/changes.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import { askedOf, notesOn, type OpenedFile, planFrom } from './launch-file.ts';

/** A configuration that a search started from, beside what the search found. */
export interface Start {
  readonly file: string;
  /** Whether the file says which hosts it runs on; otherwise all, in the cluster's order. */
  readonly seated: boolean;
  /** What it says that no plan can say. */
  readonly notes: readonly string[];
  /** Its plan and estimate, or the law that it breaks. */
  readonly now: { readonly plan: Plan; readonly estimate: Estimate } | Reason;
  /** What the best plan changes in the launcher's own file; null where that cannot be said. */
  readonly changes: readonly string[] | null;
}

/** What a launch file asks for now, and what the best plan changes in it. */
export function startOf(
  opened: OpenedFile,
  problem: Problem,
  launcher: Framework | null,
  best: RankedPlan | undefined,
): Start {
  const file = opened.path;
  const seated = opened.rankMap !== null;
  const gpus = deviceCount(problem.cluster);
  const asked = askedOf(opened, gpus);
  const notes = notesOn(opened, asked, gpus);
  const found = planFrom(opened, asked, '', problem);
  if ('rule' in found) return { file, seated, notes, now: found, changes: null };
  const { plan } = found;
  const target = launcher ?? opened.launcher;
  const sayable =
    target !== null &&
    best !== undefined &&
    [plan, best.plan].every((one) => target.reject(problem, one) === null);
  return {
    file,
    seated,
    notes,
    now: { plan, estimate: estimate(problem, plan) },
    changes: sayable ? changes(target, problem, plan, best.plan, statedBy(opened, target)) : null,
  };
}

/** In the words of its own launcher. */
function statedBy({ launcher, file }: OpenedFile, target: Framework) {
  return launcher?.id === target.id ? (file.settings?.() ?? null) : null;
}
