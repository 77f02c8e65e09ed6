import { notesOn, type OpenedFile, planFrom } from '../cli/from-file.ts';
import type { Problem } from '../domain/problem.ts';
import type { RankedPlan } from '../domain/search-result.ts';
import { estimate } from '../evaluate/estimate.ts';
import { changes } from '../frameworks/changes.ts';
import type { Framework } from '../frameworks/port/framework.ts';
import type { Start } from '../reporters/from-file.ts';

/** What a launch file asks for now, and what the best plan changes in it. */
export function startOf(
  opened: OpenedFile,
  problem: Problem,
  launcher: Framework | null,
  best: RankedPlan | undefined,
): Start {
  const file = opened.path;
  const seated = opened.rankMap !== null;
  const asked = opened.file.asked();
  const notes = notesOn(opened, asked);
  const found = planFrom(opened, asked, '', problem);
  if ('rule' in found) return { file, seated, notes, now: found, changes: null };
  const { plan } = found;
  const target = launcher ?? opened.launcher;
  const sayable =
    best !== undefined && [plan, best.plan].every((one) => target.reject(problem, one) === null);
  return {
    file,
    seated,
    notes,
    now: { plan, estimate: estimate(problem, plan) },
    changes: sayable ? changes(target, problem, plan, best.plan) : null,
  };
}
