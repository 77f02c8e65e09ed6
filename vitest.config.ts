import { defineConfig } from 'vitest/config';

/** Searches over many random problems, and of thousands of GPUs: minutes, so they have a command of their own. */
const SEARCH = ['test/search/**/*.test.ts', 'test/process/**/*.test.ts'];
/** Tens of thousands of broken inputs: the same. */
const FUZZ = ['test/fuzz/**/*.test.ts'];
/** A test ends by its result: a busy machine is no failure. */
const NO_LIMIT = 0;
const COMMON = {
  globalSetup: ['test/scratch.ts'],
  setupFiles: ['test/seed.ts'],
  testTimeout: NO_LIMIT,
  hookTimeout: NO_LIMIT,
};

export default defineConfig({
  test: {
    maxWorkers: '100%',
    reporters: ['default', './test/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**'] },
    projects: [
      {
        test: { ...COMMON, name: 'main', include: ['test/**/*.test.ts'], exclude: [...SEARCH, ...FUZZ] },
      },
      { test: { ...COMMON, name: 'search', include: SEARCH } },
      { test: { ...COMMON, name: 'fuzz', include: FUZZ } },
    ],
  },
});
