import { defineConfig } from 'vitest/config';

/** Searches over many random problems, and of thousands of GPUs: minutes, so they have a command of their own. */
const SEARCH = ['test/search/**/*.test.ts', 'test/process/**/*.test.ts'];
/** A test ends by its result: a busy machine is no failure. */
const NO_LIMIT = 0;

export default defineConfig({
  test: {
    maxWorkers: '100%',
    reporters: ['default', './test/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**'] },
    projects: [
      {
        test: { name: 'main', include: ['test/**/*.test.ts'], exclude: SEARCH, testTimeout: NO_LIMIT },
      },
      { test: { name: 'search', include: SEARCH, testTimeout: NO_LIMIT } },
    ],
  },
});
