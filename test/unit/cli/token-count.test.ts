import { expect, it } from 'vitest';
import { tokenCountFrom } from '../../../src/cli/token-count.ts';

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
