import { type Document, readDocument, validateDocument } from '../catalogue/document.ts';
import type { Precision } from '../domain/dtype.ts';
import type { Plan } from '../domain/plan.ts';
import { planOutputSchema } from '../schema/plan-output.ts';

/** What `plan --json` printed, as far as other commands read it. */
export interface PlanFile {
  readonly document: Document;
  readonly inputs: Readonly<Record<'model' | 'cluster', { readonly name: string; readonly sha256: string }>>;
  readonly problem: {
    readonly stack: string;
    readonly sequenceLength: number;
    readonly globalBatchSize: number;
    readonly precision: Precision;
    readonly headroom: number;
    /** Node groups of the cluster that the plan was made for. */
    readonly groups: readonly string[];
  };
  readonly plans: readonly { readonly rank: number; readonly plan: Plan }[];
}

export function readPlanFile(path: string): PlanFile {
  const document = readDocument(path);
  return { ...validateDocument<Omit<PlanFile, 'document'>>(document, planOutputSchema), document };
}
