import { InputError } from '../../domain/input-error.ts';
import { scheduleFile } from '../../frameworks/skippipe/schedule-file.ts';
import { whole } from '../../plan-text/whole.ts';
import { skipTable } from '../../reporters/skip.ts';
import type { SkipDocument } from '../../schema/skip.ts';
import { SKIP_ASSUMED, type SkipPlan, skipPlan } from '../../session/skip.ts';
import { type Register, styleOf } from '../command.ts';
import { mayWrite, writeFolder } from '../folder.ts';
import { EXIT, printJson } from '../io.ts';
import { given } from '../problem.ts';
import { settings } from '../settings.ts';
import { toolVersion } from '../version.ts';

export const skip: Register = (program, io, done) => {
  program
    .command('skip')
    .description('a pipeline over far nodes whose micro-batches skip stages: a path for each (SkipPipe)')
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<cluster>', 'bundled name or YAML file: every GPU is a node')
    .option('--seq-length <N>', 'tokens per sequence')
    .option('--stages <N>', 'stages, each held by several nodes (default 4)')
    .option('--skip <SHARE>', 'of the stages, those that a micro-batch skips: 33% (default)')
    .option('--micro-batch <N>', 'sequences in a micro-batch (default 1)')
    .option('--memory <N>', 'micro-batches that a node holds (default 3)')
    .option('--seed <N>', 'start of the random numbers (default 1)')
    .option('--out <DIR>', "folder to write SkipPipe's schedule.json to, with those above")
    .option('--force', 'write into a folder that exists')
    .option('--json', 'print one JSON document')
    .action((model: string, cluster: string, flags: Record<string, unknown>) => {
      const count = (key: string, usual: string, least = 1) =>
        whole(`--${key}`, String(flags[key.replace('-b', 'B')] ?? usual), least, 10_000);
      const { problem } = given(model, cluster, { ...settings(flags, io), 'global-batch': '1' });
      if (problem.model.unit !== undefined)
        throw new InputError({
          message: `${problem.model.name} has no sequences`,
          expected: 'a decoder: SkipPipe has paths over its like layers',
        });
      const stages = count('stages', '4', 2);
      const ratio = shareFrom(String(flags.skip ?? '33%'));
      const asked = {
        stages,
        length: Math.round(stages * (1 - ratio)),
        memory: count('memory', '3'),
        microBatchSize: count('micro-batch', '1'),
        seed: count('seed', '1', 0),
      };
      if (flags.out !== undefined) mayWrite(String(flags.out), flags.force === true);
      const plan = skipPlan(problem, asked);
      if (flags.out !== undefined)
        writeFolder(
          String(flags.out),
          [{ path: 'schedule.json', content: scheduleFile(plan) }],
          flags.force === true,
        );
      const document = documentOf(problem.model.name, problem.cluster.name, asked, plan);
      if (flags.json === true) printJson(io, document);
      else io.stdout(skipTable(document, styleOf(io)));
      done(plan.memory.verdict === 'does-not-fit' ? EXIT.infeasible : EXIT.ok);
    });
};

/** `33%` or 0.33. */
function shareFrom(text: string): number {
  const value = text.endsWith('%') ? Number(text.slice(0, -1)) / 100 : Number(text);
  if (text.trim() !== '' && value >= 0 && value < 1) return value;
  throw new InputError({ message: `--skip is "${text}"`, expected: 'a share below 1: 33% or 0.33' });
}

function documentOf(
  model: string,
  cluster: string,
  { stages, length, seed }: { readonly stages: number; readonly length: number; readonly seed: number },
  { network, places, paths, memory, ...plan }: SkipPlan,
): SkipDocument {
  const named = (nodes: readonly number[]) => nodes.map((node) => places[node]!);
  const played = (stepTimeSeconds: number, microBatches: number) => ({
    stepTimeSeconds,
    microBatches,
    secondsPerMicroBatch: stepTimeSeconds / microBatches,
  });
  const skipRatio = 1 - length / stages;
  return {
    schema: 'shardwright.skip/1',
    toolVersion: toolVersion(),
    model,
    cluster,
    skipRatio,
    seed,
    stages: network.stages.map(named),
    paths: paths.map(named),
    skipping: played(plan.stepSeconds, plan.microBatches),
    full: played(plan.fullStepSeconds, plan.fullMicroBatches),
    memoryBytes: memory.deviceBytes,
    memoryLimitBytes: memory.limitBytes,
    verdict: memory.verdict,
    convergence:
      skipRatio === 0
        ? []
        : [
            'each micro-batch trains only a part of the model: published perplexity is 2 % higher where three quarters of the layers run, 7 % where half do, and its reviewers doubt that training loses nothing (arXiv 2502.19913, withdrawn from ICLR 2026)',
          ],
    assumptions: SKIP_ASSUMED,
  };
}
