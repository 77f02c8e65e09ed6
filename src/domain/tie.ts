/**
 * Plans of one model on one cluster share most of what the model errs by. Of published sweeps, where the fastest by estimate was ahead of
 * another run by less than this share it was the slower of the two in two of five; beyond that, in one of thirty (docs/accuracy.md).
 */
export const TIE = 0.05;
