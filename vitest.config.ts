import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    testTimeout: 60_000,
    hookTimeout: 600_000,
    // of two cores: tests of processes wait more than they compute
    maxWorkers: 3,
    // CI's machines are shared and noisy; the reporter names what passed only at the second try
    retry: process.env.CI ? 1 : 0,
  },
});
