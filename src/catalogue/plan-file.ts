import { type PlanDocument, planSchema } from '../schema/plan.ts';
import { type Document, readDocument, validateDocument } from './document.ts';

/** What `plan --json` printed. */
export interface PlanFile extends PlanDocument {
  readonly document: Document;
}

export function readPlanFile(path: string): PlanFile {
  const document = readDocument(path);
  return { ...validateDocument(document, planSchema), document };
}
