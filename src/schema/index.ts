import type { DocumentSchema } from '../document/document-schema.ts';
import { withReferences } from '../document/shared.ts';
import { type AccuracyDocument, accuracySchema } from './accuracy.ts';
import { type CalibrationDocument, calibrationSchema } from './calibration.ts';
import { type CasesDocument, casesSchema } from './cases.ts';
import { type CatalogueReport, catalogueReportSchema } from './catalogue-report.ts';
import { clusterSchema } from './cluster.ts';
import { type ClusterReport, clusterReportSchema } from './cluster-report.ts';
import { type CompareDocument, compareSchema } from './compare.ts';
import { type ErrorDocument, errorSchema } from './error.ts';
import { type EstimateDocument, estimateSchema } from './estimate.ts';
import { type ExpertsDocument, expertsSchema } from './experts.ts';
import { gpuSchema } from './gpu.ts';
import { launchSchema } from './launch.ts';
import { layerProfileSchema } from './layer-profile.ts';
import { layerTimesSchema } from './layer-times.ts';
import { leastLoadedCaseSchema } from './least-loaded-case.ts';
import { linkSchema } from './link.ts';
import { type ListDocument, listSchema } from './list.ts';
import { modelSchema } from './model.ts';
import { type ModelReport, modelReportSchema } from './model-report.ts';
import { type PlanDocument, planSchema } from './plan.ts';
import { type ReplanDocument, replanSchema } from './replan.ts';
import { roundPipeCaseSchema } from './round-pipe-case.ts';
import { routingSchema } from './routing.ts';
import { shapeSchema } from './shape.ts';
import { type SkipDocument, skipSchema } from './skip.ts';
import { skipPipeCaseSchema } from './skip-pipe-case.ts';
import { stackSchema } from './stack.ts';
import { type SweepDocument, sweepSchema } from './sweep.ts';
import { type ValidationDocument, validationSchema } from './validation.ts';

/** Every document read or written, by the name `shardwright schema` takes. */
export const SCHEMAS: Readonly<Record<string, DocumentSchema>> = {
  model: modelSchema,
  cluster: clusterSchema,
  gpu: gpuSchema,
  link: linkSchema,
  shape: shapeSchema,
  stack: stackSchema,
  'layer-profile': layerProfileSchema,
  routing: routingSchema,
  plan: planSchema,
  estimate: estimateSchema,
  compare: compareSchema,
  sweep: sweepSchema,
  validation: validationSchema,
  error: errorSchema,
  'model-report': modelReportSchema,
  'cluster-report': clusterReportSchema,
  'catalogue-report': catalogueReportSchema,
  list: listSchema,
  skip: skipSchema,
  experts: expertsSchema,
  replan: replanSchema,
  launch: launchSchema,
  calibration: calibrationSchema,
  accuracy: accuracySchema,
  cases: casesSchema,
  'layer-times': layerTimesSchema,
  'round-pipe-case': roundPipeCaseSchema,
  'skip-pipe-case': skipPipeCaseSchema,
  'least-loaded-case': leastLoadedCaseSchema,
};

/** What --json prints. */
export type PrintedDocument =
  | PlanDocument
  | EstimateDocument
  | CompareDocument
  | SweepDocument
  | ValidationDocument
  | ErrorDocument
  | ModelReport
  | ClusterReport
  | CatalogueReport
  | ListDocument
  | SkipDocument
  | ExpertsDocument
  | ReplanDocument
  | CalibrationDocument
  | AccuracyDocument
  | CasesDocument;

/** The published form: JSON Schema 2020-12. */
export function published(schema: DocumentSchema): string {
  return `${JSON.stringify({ $schema: 'https://json-schema.org/draft/2020-12/schema', ...withReferences(schema) }, null, 2)}\n`;
}
