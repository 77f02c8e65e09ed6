import type { BesideModel } from '../domain/beside-model.ts';

/** A model beside the trained one, as --models has it. */
export function modelText({ role, name, trained, offloaded, whole, precision }: BesideModel): string {
  return [
    `${role}=${name}`,
    trained ? 'trained' : 'frozen',
    offloaded ? 'offloaded' : 'resident',
    whole ? 'whole' : 'split',
    precision,
  ].join(':');
}
