/// <reference types="vitest/config" />
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `npm run dev` finds a running server. */
const server = process.env.ANTLER_URL ?? 'http://127.0.0.1:8000';

export default defineConfig({
  // Addresses are relative to the base that the server writes into the page, so that it may have a part of a site.
  base: './',
  plugins: [react()],
  build: {
    target: 'es2023',
    // Everything is a file of its own: the policy of the page allows nothing that stands in it.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What the pages are made of asks for its notices to come along.
    license: { fileName: 'assets/licences.md' },
  },
  server: {
    proxy: {
      '/api': { target: server },
      '/health': { target: server },
      '/ws': { target: server, ws: true },
    },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.{ts,tsx}'],
    reporters: ['default', './tools/summary.mjs'],
  },
});
