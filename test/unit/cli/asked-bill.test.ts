import { expect, it } from 'vitest';
import { askedBillFrom, budgetFrom, tokenCountFrom } from '../../../src/cli/asked-bill.ts';

it.each([
  ['15T', 15e12],
  ['1.5t tokens', 1.5e12],
  ['300B', 300e9],
  ['300G', 300e9],
  ['2e12', 2e12],
  ['100 Mtok', 100e6],
  ['1', 1],
])('%s tokens are %d', (text, tokens) => {
  expect(tokenCountFrom(text)).toBe(tokens);
});

it.each(['15Q', '0', '-1T', '', 'T', '1e30', '0.1'])('"%s" is refused', (text) => {
  expect(() => tokenCountFrom(text)).toThrow(/--tokens is/);
});

it.each([
  ['2M', 2e6],
  ['$500k', 500e3],
  ['1.5B', 1.5e9],
  ['20000', 20_000],
])('%s are %d dollars', (text, dollars) => {
  expect(budgetFrom(text)).toBe(dollars);
});

it.each(['0', '2T', '-1', 'much', '1.2.3'])('a budget of "%s" is refused', (text) => {
  expect(() => budgetFrom(text)).toThrow(/--budget is/);
});

it('limits stand beside tokens', () => {
  expect(askedBillFrom({})).toBeNull();
  expect(askedBillFrom({ tokens: '1T', deadline: '30d', budget: '2M' })).toEqual({
    tokens: 1e12,
    limits: { seconds: 30 * 86_400, dollars: 2e6 },
  });
  expect(() => askedBillFrom({ budget: '2M' })).toThrow(/--budget without --tokens/);
  expect(() => askedBillFrom({ tokens: '1T', deadline: 'soon' })).toThrow(/--deadline/);
  expect(() => askedBillFrom({ tokens: '1T', deadline: '30' })).toThrow(
    /"30d" or "12h"\n.*Maybe --deadline 30d\./,
  );
});
