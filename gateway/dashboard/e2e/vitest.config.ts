/** Tests of the dashboard in a real browser, against the real program. */
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: import.meta.dirname,
    // Pictures are for people; nothing in them is checked.
    include: process.env.PICTURES ? ['pictures.ts'] : ['*.test.ts'],
    globalSetup: './server.ts',
    // One browser at a time; each file has a tenant of its own.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 50 } },
    reporters: ['default', '../tools/summary.mjs'],
  },
});
