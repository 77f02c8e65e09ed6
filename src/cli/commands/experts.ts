import { loadRouting } from '../../catalogue/routings.ts';
import { InputError } from '../../domain/input-error.ts';
import { whole } from '../../plan-text/whole.ts';
import { expertsTable } from '../../reporters/experts.ts';
import type { ExpertsDocument } from '../../schema/experts.ts';
import { EXPERT_AIMS, expertsAnswer, expertsOfModel } from '../../session/experts.ts';
import { nearest } from '../../units/nearest.ts';
import { type Register, styleOf } from '../command.ts';
import { EXIT, printJson } from '../io.ts';
import { given } from '../problem.ts';
import { settings } from '../settings.ts';
import { toolVersion } from '../version.ts';

export const experts: Register = (program, io, done) => {
  program
    .command('experts')
    .description(
      'what uneven loads of experts cost, what the least-loaded rule saves, and where experts should lie',
    )
    .argument('<model>', 'preset name, Hugging Face config.json, or YAML file')
    .argument('<cluster>', 'bundled name or YAML file')
    .argument('<routing>', 'file of loads or routes: shardwright schema routing')
    .option('--ep <N>', 'expert-parallel ranks (default 8)')
    .option('--tokens <N>', 'tokens of each rank (default 4096)')
    .option('--place <FOR>', `${EXPERT_AIMS.join(', ')} (default ${EXPERT_AIMS[0]})`)
    .option('--stack <NAME>', 'software stack (default megatron-core)')
    .option('--json', 'print one JSON document')
    .action((model: string, cluster: string, path: string, flags: Record<string, unknown>) => {
      const ranks = whole('--ep', String(flags.ep ?? 8), 2, 100_000);
      const tokens = whole('--tokens', String(flags.tokens ?? 4096), 1, 100_000_000);
      const aim = aimFrom(String(flags.place ?? EXPERT_AIMS[0]));
      const own = {
        stack: 'megatron-core',
        ...settings(flags, io),
        'seq-length': '4096',
        'global-batch': '1',
      };
      const { problem } = given(model, cluster, own);
      const spec = expertsOfModel(problem);
      if (spec === null)
        throw new InputError({
          message: `${problem.model.name} has no experts`,
          expected: 'a model with experts',
        });
      if (spec.experts % ranks !== 0)
        throw new InputError({
          message: `--ep is ${ranks}`,
          expected: `a divisor of the ${spec.experts} experts`,
        });
      const trace = loadRouting(path, spec.experts);
      if (aim !== 'balance' && trace.routes === null)
        throw new InputError({
          message: `--place ${aim} with loads alone`,
          expected: 'a file of routes: loads do not say which experts a token went to together',
          hint: 'Maybe --place balance.',
        });
      const answer = expertsAnswer(problem, spec, trace, { ranks, tokens, aim });
      const document: ExpertsDocument = {
        schema: 'shardwright.experts/1',
        toolVersion: toolVersion(),
        model: problem.model.name,
        cluster: problem.cluster.name,
        ranks,
        tokensPerRank: tokens,
        layers: trace.loads.length,
        aim,
        ...answer,
        assumptions: [...ASSUMED, ...(aim === 'affinity' ? [AFFINITY] : [])],
      };
      if (flags.json === true) printJson(io, document);
      else io.stdout(expertsTable(document, styleOf(io)));
      done(EXIT.ok);
    });
};

const ASSUMED = [
  'later batches are routed as those of the file',
  "least-loaded rule: weights sent at 83 GB/s and 20 µs of planning for each expert, fitted to its authors' table on eight H200",
  'exchanges: rates of the libraries on the GPUs named, not on those of the cluster',
];

/** What ExFlow saves stands on. */
const AFFINITY =
  'tokens stay where their experts are from layer to layer, as in inference: in training attention sends them home';

function aimFrom(text: string): (typeof EXPERT_AIMS)[number] {
  const found = EXPERT_AIMS.find((one) => one === text);
  if (found !== undefined) return found;
  const near = nearest(text, EXPERT_AIMS);
  throw new InputError({
    message: `--place is "${text}"`,
    expected: `one of ${EXPERT_AIMS.join(', ')}`,
    ...(near === undefined ? {} : { hint: `Maybe "${near}".` }),
  });
}
