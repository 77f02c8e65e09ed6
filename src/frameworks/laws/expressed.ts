import { nextBest } from '../../domain/dtype.ts';
import type { Problem } from '../../domain/problem.ts';
import type { Reason } from '../../domain/reason.ts';
import { type Stack, statesIn } from '../../domain/stack.ts';
import { formOf } from '../../domain/training.ts';
import type { OptimizerOptions } from '../../domain/workload.ts';
import { partsOf } from '../../layers/layer.ts';
import { optimizerOf } from '../../optimizers/index.ts';
import { trainingFlags } from '../../plan-text/training-text.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Known } from '../../techniques/technique.ts';
import type { ExpressedOptimizers, Reach } from '../port/framework.ts';
import { no, ofTechniques, type ProblemRule, type Rule } from './rule.ts';

/** Kinds of layer, optimizers and parts of a model to train that a framework does not list. */
export function expressedProblem({ name, express }: Reach): ProblemRule[] {
  return [
    ({ model }) => {
      const odd = model.kinds
        .flatMap((kind) => partsOf(kind).map((part) => ({ layer: kind.name, kind: part.kind })))
        .find(({ kind }) => !express.layers.includes(kind));
      return odd === undefined
        ? null
        : no('layer-kind', `${odd.kind} in ${odd.layer} layers`, `${express.layers.join(', ')} in ${name}`);
    },
    (problem) => refusedOptimizer(problem, express.optimizers, name),
    ({ workload: { precision } }) =>
      express.precisions.includes(precision)
        ? null
        : no(
            'precision',
            precision,
            `${express.precisions.join(', ')} in ${name}`,
            `Maybe --precision ${nextBest(precision, express.precisions)}.`,
          ),
    ({ workload: { packing } }) =>
      packing?.separate !== true || express.packs === true
        ? null
        : no(
            'packing',
            'samples packed into sequences, each attending to itself',
            `sequences of one sample, or mask=full: ${name} cannot be told where samples begin`,
            'Maybe --packing with mask=full.',
          ),
    ({ workload: { routing } }) =>
      routing?.capacity === undefined || express.capacity === true
        ? null
        : no('routing', `--routing with capacity=${routing.capacity}`, `no capacity: ${name} drops no token`),
    ({ workload: { models } }) =>
      models === undefined || express.models === true
        ? null
        : no(
            'models',
            `--models ${models.map(({ role }) => role).join(', ')}`,
            `one model: no file of ${name} written here says of another`,
          ),
    ({ model: { training } }) =>
      training?.frozenWeights === undefined || express.frozenInFp32 === true
        ? null
        : no(
            'frozen-weights',
            `frozen weights in ${training.frozenWeights}`,
            `as they are computed with: ${name} holds them so`,
          ),
    ({ model: { training } }) => {
      const { trains = ['full'] } = express;
      const form = formOf(training);
      return trains.includes(form)
        ? null
        : no('train', `--train ${trainingFlags(training).train}`, `--train ${trains.join(', ')} in ${name}`);
    },
  ];
}

function refusedOptimizer(
  { workload, stack }: Problem,
  expressed: ExpressedOptimizers,
  name: string,
): Reason | null {
  const { optimizer, optimizerOptions = {} } = workload;
  const known = expressed[optimizer];
  if (known === undefined)
    return no('optimizer', optimizer, `${Object.keys(expressed).join(', ')} in ${name}`);
  for (const [key, { usual }] of Object.entries(optimizerOf(optimizer).options)) {
    const said = optimizerOptions[key];
    const values = known[key];
    const value = said ?? usual;
    if (value === undefined || asStacked(key, workload, stack)) continue;
    const fine =
      values === undefined ? said === undefined : value.split('/').every((one) => values.includes(one));
    if (!fine)
      return no(
        'optimizer',
        `${optimizer} with ${key}=${value}`,
        values === undefined ? `no ${key} in ${name}` : `${key}=${values.join(' or ')} in ${name}`,
        `Maybe --optimizer ${values === undefined || values[0] === usual ? optimizer : `${optimizer},${key}=${values[0]}`}.`,
      );
  }
  return null;
}

/** Formats of states that are what the stack has anyway. */
function asStacked(
  key: string,
  { precision, optimizerOptions = {} }: Problem['workload'],
  stack: Stack,
): boolean {
  if (!['master', 'moments', 'gradients'].includes(key)) return false;
  const { [key]: _, ...others } = optimizerOptions;
  const held = (options: OptimizerOptions) =>
    JSON.stringify(statesIn({ precision, optimizerOptions: options }, stack.state));
  return held(optimizerOptions) === held(others);
}

function saysForm({ techniques }: Reach['express'], id: string, form: string | null): boolean {
  return form === null || techniques.includes(`${id}:${form}`);
}

/** Of a plan in a framework that does not list one of its techniques. */
export function limitWithout(name: string, technique: Known<unknown>): string {
  return `${technique.format(technique.off)}: ${name} has no ${technique.name}`;
}

/** Schedules that it does not list. */
export function expressedSchedule({ name, express }: Reach): Rule {
  return (_, { schedule, pipelines }) =>
    express.schedules.includes(schedule) || pipelines.every(({ stages }) => stages.length === 1)
      ? null
      : no('schedule', `schedule ${schedule}`, `${express.schedules.join(', ')} in ${name}`);
}

/** Techniques that it does not list. */
export function expressedTechniques({ name, express }: Reach): Rule {
  return ofTechniques((techniques) => {
    const odd = TECHNIQUES.find(
      ({ id, of, off, format, form }) =>
        format(of(techniques)) !== format(off) &&
        (!express.techniques.includes(id) || !saysForm(express, id, form?.(of(techniques)) ?? null)),
    );
    return odd === undefined
      ? null
      : no(
          odd.id,
          `${odd.name} ${odd.words(odd.of(techniques))}`,
          express.techniques.includes(odd.id)
            ? `another ${odd.name}: ${name} cannot be told this one here`
            : limitWithout(name, odd),
        );
  });
}
