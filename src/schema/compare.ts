import { type DocumentOf, documentSchema } from '../document/document-schema.ts';
import { closed, count, flag, list, number, numberOrNull, orNull, text, texts } from '../document/shapes.ts';
import { PROVENANCES } from '../domain/provenance.ts';
import { fastest, optimizer, optimizerOptions, precision, rankedPlan, reason, training } from './costed.ts';
import { throughput } from './throughput.ts';

/** The bill of a run of so many tokens: of each cluster on which the model trains. */
const purchase = closed({
  tokens: number,
  limits: closed({ seconds: numberOrNull, dollars: numberOrNull }),
  offers: list(
    closed({
      cluster: text,
      days: number,
      dollars: numberOrNull,
      dollarsPerBillionTokens: numberOrNull,
      megawattHours: number,
      goodput: numberOrNull,
      tiedWithCheapest: flag,
      dominatedBy: { type: ['string', 'null'] },
      keepsLimits: { enum: ['yes', 'perhaps', 'no'] },
      prices: list(
        closed(
          {
            group: text,
            gpuType: text,
            gpus: count,
            dollarsPerGpuHour: numberOrNull,
            source: { enum: ['flag', 'cluster', 'list', 'own'] },
            power: closed({
              gpuWatts: number,
              source: { enum: ['datasheet', 'cap'] },
              hostShare: number,
              pue: number,
              assumed: list({ enum: ['host', 'pue'] }),
            }),
          },
          {
            owned: closed({
              dollarsPerGpu: number,
              years: number,
              used: number,
              dollarsPerKwh: number,
              capital: number,
              energy: number,
              rentedDollarsPerGpuHour: numberOrNull,
            }),
          },
        ),
      ),
      peakMemoryBytes: number,
      memoryLimitBytes: number,
      launchers: texts,
      errorBand: number,
      weakestProvenance: { enum: PROVENANCES },
      unfittedGpus: texts,
      lackingEvidence: texts,
    }),
  ),
  verdict: text,
});

export const compareSchema = documentSchema({
  $id: 'shardwright.compare/1',
  title: 'Clusters side by side, as printed by compare --json',
  ...closed(
    {
      schema: { const: 'shardwright.compare/1' },
      toolVersion: text,
      problem: closed(
        { model: text, sequenceLength: count, globalBatchSize: count, precision, optimizer, training },
        { optimizerOptions },
      ),
      clusters: list(
        closed(
          {
            cluster: text,
            gpus: count,
            best: orNull(rankedPlan),
            reason: orNull(reason),
            ratioToFirst: numberOrNull,
            tiedWithFirst: flag,
            dollarsPerHour: numberOrNull,
            cut: orNull(closed({ by: text, gap: numberOrNull })),
          },
          {
            ...throughput(numberOrNull),
            dollarsPerMillionTokens: numberOrNull,
            dollarsPerMillionSamples: numberOrNull,
            others: { ...list(rankedPlan), description: 'Of --top, after the best.' },
            fastest,
            groups: {
              ...list(
                closed({
                  group: text,
                  gpuType: text,
                  gpus: count,
                  used: flag,
                  addedSpeed: numberOrNull,
                  addedDollarsPerHour: numberOrNull,
                  advice: { enum: ['keep', 'leave-out', 'either', 'needed'] },
                }),
              ),
              description:
                'Of a cluster of several node groups: what each adds to tokens per second and to dollars per hour, as shares of what the others have; null: they train nothing, or no price is known.',
            },
          },
        ),
      ),
    },
    { purchase },
  ),
});

export type CompareDocument = DocumentOf<typeof compareSchema>;
