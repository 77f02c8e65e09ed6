import type { Plan } from '../../domain/plan.ts';
import { TECHNIQUES } from '../../techniques/index.ts';

/** What a plan does that a search only tries by leave, by the names that --allow takes. */
export function byLeave({ techniques }: Pick<Plan, 'techniques'>): string[] {
  const used = TECHNIQUES.flatMap(({ allowedAs, of, format, off }) =>
    allowedAs !== undefined && format(of(techniques)) !== format(off) ? [allowedAs] : [],
  );
  return [...new Set(used)];
}
