import { defineConfig } from 'vitest/config';
import { measureSlowness, slowly } from './test/helpers/speed.ts';

const env = measureSlowness();
Object.assign(process.env, env);

export default defineConfig({
  test: {
    include: ['test/**/*.test.{ts,tsx}'],
    env,
    // one limit for all, so that no test needs its own: it only ends what would never end
    testTimeout: slowly(300_000),
    hookTimeout: slowly(600_000),
    // of two cores: tests of processes wait more than they compute
    maxWorkers: 3,
    // CI's machines are shared and noisy; the reporter names what passed only at the second try
    retry: process.env.CI ? 1 : 0,
  },
});
