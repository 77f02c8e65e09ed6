import { expect, it } from 'vitest';
import { difference } from '../../../src/session/changes/difference.ts';

it('says what differs, and what is no longer said as it is now', () => {
  expect(difference('tp=8,pp=4,layers=20/20', 'tp=8,pp=2,layers=40', {})).toBe('pp=2,layers=40');
  expect(difference('tp=8,schedule=zb-h1', 'tp=8', { schedule: '1f1b' })).toBe('schedule=1f1b');
  expect(difference('tp=8,groups=a/b', 'tp=8', {})).toBeNull();
});
