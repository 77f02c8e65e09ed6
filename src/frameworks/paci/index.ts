import { oneProcess } from '../../launch-folder/one-process.ts';
import { countParameters } from '../../layers/parameters.ts';
import { stagesOfOneHost } from '../laws/one-process.ts';
import { no, type ProblemRule, type Rule } from '../laws/rule.ts';
import { lawOf } from '../laws/structure.ts';
import { type Framework, HOST_ORDER, type Reach } from '../port/framework.ts';
import { headsOf, program } from './program.ts';

const reach: Reach = {
  name: 'PACI',
  capabilities: { ...HOST_ORDER, tensorParallel: false, gpuTypePerStage: false },
  express: {
    layers: ['softmax', 'dense'],
    schedules: ['1f1b', 'paci'],
    optimizers: { adamw: {} },
    precisions: ['bf16'],
    // Of a stage that stands alone there is nothing to share out.
    techniques: [],
  },
};

/** GPTConfig of Models/GPT2.py@3e45e71, and the tokens of its data. */
const VOCABULARY = 50_257;

const forProblem: readonly ProblemRule[] = [
  ({ model }) =>
    model.family === 'gpt2' && headsOf(model) !== null
      ? null
      : no('model-family', `${model.name} of family ${model.family}`, 'GPT-2, which is what it builds'),
  ({ model: { tiedEmbeddings, vocabSize } }) => {
    if (tiedEmbeddings)
      return no(
        'tied-embeddings',
        'a head that is the embedding again',
        'a head of its own: each stage steps by itself',
        'Maybe tie_word_embeddings: false.',
      );
    return vocabSize === VOCABULARY
      ? null
      : no('vocabulary', `a vocabulary of ${vocabSize}`, `${VOCABULARY}, that of GPT-2's tokens`);
  },
];

const forPlan: readonly Rule[] = [
  ...stagesOfOneHost,
  // It passes one micro-batch through all of the model on the first GPU, to learn what shapes there are (ModelPartitioner.py).
  ({ model, cluster }) => {
    const bytes = 4 * countParameters(model).total;
    const small = cluster.groups.find(({ gpu }) => bytes > gpu.memoryBytes / 2);
    return small === undefined
      ? null
      : no(
          'whole-model',
          `${(bytes / 2 ** 30).toFixed(1)} GiB of weights`,
          `half of the memory of ${small.gpu.name}: one GPU has all of them once, before they are cut`,
        );
  },
];

/** PACI (ItayElam/PACI@3e45e71): `train.py` for its folder, PyTorch 2.4.0 with its patch; one command on one host. */
export const paci: Framework = {
  id: 'paci',
  ...reach,
  stack: 'paci',
  ...lawOf(reach, forProblem, forPlan),
  render: (problem, plan, { origin }) => [
    { path: 'train.py', content: program(problem, plan, origin) },
    oneProcess(problem.cluster, plan, origin, {
      prepare: [`export PYTHONPATH="\${PACI_PATH:?set PACI_PATH to a checkout of PACI}"`],
      environment: { TOKENIZERS_PARALLELISM: 'true' },
    }),
  ],
  notes: () => [
    'PACI wants PyTorch 2.4.0 with its patch (installation/modified_torch): weights step while micro-batches are on their way.',
    'Its data is OpenWebText, tokenised once into DATA; STEPS, LR and OUTPUT are read from the environment.',
  ],
};
