import { formOf } from '../../domain/training.ts';
import { partsOf } from '../../layers/layer.ts';
import { trainingFlags } from '../../plan-text/training-text.ts';
import { TECHNIQUES } from '../../techniques/index.ts';
import type { Reach } from '../port/framework.ts';
import { no, type ProblemRule, type Rule } from './rule.ts';

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
    ({ workload: { optimizer } }) =>
      express.optimizers.includes(optimizer)
        ? null
        : no('optimizer', optimizer, `${express.optimizers.join(', ')} in ${name}`),
    ({ workload: { packing } }) =>
      packing?.separate !== true || express.packs === true
        ? null
        : no(
            'packing',
            'samples packed into sequences, each attending to itself',
            `sequences of one sample, or mask=full: ${name} cannot be told where samples begin`,
            'Maybe --packing with mask=full.',
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

/** Schedules and techniques that it does not list. */
export function expressedPlan({ name, express }: Reach): Rule[] {
  return [
    (_, { schedule, pipelines }) =>
      express.schedules.includes(schedule) || pipelines.every(({ stages }) => stages.length === 1)
        ? null
        : no('schedule', `schedule ${schedule}`, `${express.schedules.join(', ')} in ${name}`),
    (_, { techniques }) => {
      const odd = TECHNIQUES.find(
        ({ id, of, off, format }) =>
          !express.techniques.includes(id) && format(of(techniques)) !== format(off),
      );
      return odd === undefined
        ? null
        : no(
            odd.id,
            `${odd.name} ${odd.words(odd.of(techniques))}`,
            `${odd.format(odd.off)}: ${name} has no ${odd.name}`,
          );
    },
  ];
}
