import { expect, it } from 'vitest';
import { worthOf } from '../../../src/purchase/worth.ts';

it.each([
  // A tenth of the speed for a half of the price.
  [100, 110, 50, 150, 0.1, 0.5, 'leave-out'],
  [100, 200, 50, 150, 1, 0.5, 'keep'],
  // A token costs as much either way.
  [100, 150, 50, 150, 0.5, 0.5, 'either'],
  [100, 148, 50, 150, 0.48, 0.5, 'either'],
  // The others do better without it.
  [100, 99, 50, 150, -0.01, 0.5, 'leave-out'],
  // Without prices speed alone tells.
  [100, 104, null, null, 0.04, null, 'leave-out'],
  [100, 120, null, null, 0.2, null, 'keep'],
  [100, 104, 0, 100, 0.04, 0, 'either'],
  [null, 100, 50, 150, null, 0.5, 'needed'],
  // The others cost nothing.
  [100, 120, 50, 50, 0.2, null, 'keep'],
] as const)('%#: %s to %s tokens, %s of %s dollars', (without, whole, part, all, speed, price, advice) => {
  const worth = worthOf({ without, whole }, { part, whole: all });
  expect(worth.advice).toBe(advice);
  if (speed === null) expect(worth.speed).toBeNull();
  else expect(worth.speed).toBeCloseTo(speed, 12);
  if (price === null) expect(worth.price).toBeNull();
  else expect(worth.price).toBeCloseTo(price, 12);
});
