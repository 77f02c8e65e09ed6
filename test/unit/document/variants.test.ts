import { describe, expect, expectTypeOf, it } from 'vitest';
import { type DocumentOf, documentSchema } from '../../../src/document/document-schema.ts';
import { closed, flag, positive } from '../../../src/document/shapes.ts';
import { check, violations } from '../../../src/document/validator.ts';
import { variants } from '../../../src/document/variants.ts';

const REGISTRY = [
  { id: 'dense', schema: closed({ kind: { const: 'dense' }, width: positive }, { gated: flag }) },
  { id: 'moe', schema: closed({ kind: { const: 'moe' }, experts: positive }) },
] as const;

const schema = documentSchema({
  $id: 'test.layer/1',
  ...closed({
    mlp: variants(
      'kind',
      REGISTRY.map((entry) => entry.schema),
    ),
  }),
});

describe('variants of a registry', () => {
  it('are a union, told apart by their literal', () => {
    type Mlp = DocumentOf<typeof schema>['mlp'];
    expectTypeOf<Mlp>().toEqualTypeOf<
      | { readonly kind: 'dense'; readonly width: number; readonly gated?: boolean }
      | { readonly kind: 'moe'; readonly experts: number }
    >();
    const checked = check(schema, { mlp: { kind: 'moe', experts: 8 } });
    expect(checked.ok && checked.value.mlp.kind === 'moe' && checked.value.mlp.experts).toBe(8);
  });

  it.each([
    ['the variant named', { kind: 'moe', expert: 8 }, ['unknown key "expert"', 'missing key "experts"']],
    ['an unknown name', { kind: 'dens', width: 8 }, ['kind is "dens"']],
    ['a name that is no text', { kind: 3 }, ['kind is 3']],
    ['a slip in the key', { kindd: 'moe', experts: 8 }, ['unknown key "kindd"', 'missing key "kind"']],
    ['no name', { width: 8 }, ['missing key "kind"']],
    ['no object', 'dense', ['mlp is "dense"']],
  ])('err as %s', (_, mlp, messages) => {
    expect(violations(schema, { mlp }).map(({ message }) => message)).toEqual(messages);
  });

  it('name all of them where the name is unknown', () => {
    expect(violations(schema, { mlp: { kind: 'dens', width: 8 } })).toEqual([
      {
        pointer: '/mlp/kind',
        message: 'kind is "dens"',
        expected: 'one of dense, moe',
        hint: 'Maybe you meant "dense".',
      },
    ]);
  });

  it('of one name are refused', () => {
    const { schema: dense } = REGISTRY[0];
    const twice = documentSchema({ $id: 'test.twice/1', ...variants('kind', [dense, dense]) });
    expect(() => violations(twice, { kind: 'dense', width: 1 })).toThrow(/unique/);
  });
});
