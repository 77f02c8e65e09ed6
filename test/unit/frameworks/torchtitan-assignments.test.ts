import { describe, expect, it } from 'vitest';
import { parsePython } from '../../../src/foreign/python/parse.ts';
import { assignmentsIn } from '../../../src/frameworks/torchtitan/assignments.ts';
import { torchtitan } from '../../../src/frameworks/torchtitan/index.ts';
import { sourceOf } from '../../fixtures/source.ts';

const assignmentsOf = (text: string) => assignmentsIn(parsePython(text));

/** Fields by path; a value that is none of Python's literals by its kind. */
function fieldsOf(text: string): Record<string, unknown> {
  const plain = (value: unknown) =>
    typeof value === 'object' && value !== null && 'kind' in value ? value.kind : value;
  const { fields } = assignmentsOf(text);
  return Object.fromEntries([...fields].map(([path, { value }]) => [path, plain(value)]));
}
const lineOf = (text: string, path: string) => assignmentsOf(text).fields.get(path)?.line;
const asked = (text: string) => torchtitan.reader!.read(sourceOf(text, 'plan.py')).asked();

describe('recipes in Python', () => {
  it('follow names, several targets at once, products, comments, strings and keywords', () => {
    const text = `
def plan():
    c = llama3_8b()  # not c = llama3_70b()
    p, q = c.parallelism, c.training
    p = c.parallelism
    p.tensor_parallel_degree, p.pipeline_parallel_degree = 4, 2; p.context_parallel_degree = (1)
    p.pipeline_parallel_schedule = "1F1B # no comment"
    c.training.num_tokens_per_train_step = 4 * 8_192 * 2
    c.training.steps = int(os.environ["STEPS"])
    q.max_context_length = 8192 if long else 4096
    p.module_fqns_per_model_part = [
        ["tok_embeddings", "layers.0"],  # first
        ["layers.1", "norm"],
    ]
    other = Config(parallelism=ParallelismConfig(expert_parallel_degree=2, data_parallel_shard_degree=-1))
`;
    expect(assignmentsOf(text).base).toBe('llama3_8b');
    expect(fieldsOf(text)).toEqual({
      'parallelism.tensor_parallel_degree': 4,
      'parallelism.pipeline_parallel_degree': 2,
      'parallelism.context_parallel_degree': 1,
      'parallelism.pipeline_parallel_schedule': '1F1B # no comment',
      'training.num_tokens_per_train_step': 65536,
      'training.steps': 'made',
      'training.max_context_length': 'unreadable',
      'parallelism.module_fqns_per_model_part': [
        ['tok_embeddings', 'layers.0'],
        ['layers.1', 'norm'],
      ],
      'parallelism.expert_parallel_degree': 2,
      'parallelism.data_parallel_shard_degree': -1,
    });
    expect(lineOf(text, 'parallelism.module_fqns_per_model_part')).toBe(11);
  });

  it('know a configuration by its annotation’s name, a second name, and what was made of it', () => {
    expect(fieldsOf('c: Trainer.Config = llama3_8b()\nc.parallelism.x = 1')).toEqual({ 'parallelism.x': 1 });
    expect(fieldsOf('c = d = llama3_8b()\nd.training.x = 1')).toEqual({ 'training.x': 1 });
    expect(fieldsOf('c = llama3_8b()\nc = replace(c, a=1)\nc.training.x = 2')).toEqual({
      a: 1,
      'training.x': 2,
    });
    expect(fieldsOf('c = llama3_8b()\nd = c.copy()\nd.training.x = 3')).toEqual({ 'training.x': 3 });
    expect(fieldsOf('c = make(1)\nc.training.x = 4')).toEqual({});
  });

  it('know the base by the name of its module', () => {
    const text = 'from torchtitan.models.llama3.config_registry import llama3_70b as base\nc = base()';
    expect(assignmentsOf(text).base).toBe('llama3_70b');
  });

  it.each(['lambda: ', 'None if off else '])('find sections behind %s', (before) => {
    const text = `recipe = ${before}ParallelismConfig(tensor_parallel_degree=8, **more)`;
    expect(fieldsOf(text)).toEqual({ 'parallelism.tensor_parallel_degree': 8 });
  });

  it('find no sections in strings, comments and definitions of classes', () => {
    const text = `x = "ParallelismConfig(a=1)"  # ParallelismConfig(b=2)\nclass ParallelismConfig(c=3): pass`;
    expect(fieldsOf(text)).toEqual({});
  });

  it.each([
    ['TP', 'not literal'],
    ['tp(8)', 'not literal'],
    ['8 if big else 4', 'not literal'],
    ['8 16', 'not literal'],
    ['"8"', '"8"'],
    ['[8, True]', '\\[8,true\\]'],
    ['[TP]', 'not literal'],
    ['0', '0'],
  ])('say that a degree of %s is %s, and where', (value, is) => {
    const recipe = () => asked(`c = llama3_8b()\nc.parallelism.tensor_parallel_degree = ${value}`);
    expect(recipe).toThrow(new RegExp(`^plan\\.py:2: parallelism.tensor_parallel_degree is ${is}\n`));
  });

  it('say that a length is not literal', () => {
    const text = 'c = llama3_8b(\n  seq_len=int(os.environ["LENGTH"]))\nc.training.steps = 1';
    expect(() => asked(text)).toThrow(/seq_len is not literal/);
    expect(asked(text.replace('int(os.environ["LENGTH"])', '2 * 2048')).sequenceLength).toBe(4096);
  });
});
