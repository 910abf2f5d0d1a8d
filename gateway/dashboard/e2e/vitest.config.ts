/** Tests of the dashboard in a real browser, against the real program. */
import { defineConfig } from 'vitest/config';

/** Pictures and figures are for people, and no part of what is checked. */
function files(): string[] {
  if (process.env.PICTURES) return ['pictures.ts'];
  return [process.env.FIGURES ? 'figures.ts' : '*.test.ts'];
}

export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: files(),
    globalSetup: './server.ts',
    // One browser at a time; each file has a tenant of its own.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 15_000, interval: 50 } },
    reporters: ['default', '../tools/summary.mjs'],
  },
});
