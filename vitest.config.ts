import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 600_000,
    reporters: process.env.CI ? ['default', './test/closing-line.ts'] : ['default', './test/closing-line.ts'],
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
