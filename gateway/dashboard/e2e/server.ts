/**
 * Starts the program for all tests, and stops it.
 *
 * Invariant: it listens on free ports of this machine, keeps its data in a folder of its own, and both are gone at the end.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const READY_MS = 30_000;

export interface Server {
  url: string;
  stop(): Promise<void>;
}

declare module 'vitest' {
  interface ProvidedContext {
    url: string;
  }
}

/** The program as it was built for a release, or as `ANTLER_PROGRAM` says. */
export function program(): string {
  const path = process.env.ANTLER_PROGRAM ?? resolve(import.meta.dirname, '../../../target/release/antler');
  if (!existsSync(path)) throw new Error(`there is no program at ${path}; build it by cargo build --release`);
  return path;
}

export async function start(...more: string[]): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), 'antler-dashboard-'));
  const ports = join(folder, 'ports.json');
  const log = join(folder, 'log');
  const arguments_ = [
    'serve',
    '--data',
    join(folder, 'data'),
    '--ephemeral-ports',
    '--ports-file',
    ports,
    ...more,
  ];
  const child = spawn(program(), arguments_, { stdio: ['ignore', 'ignore', openSync(log, 'w')] });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const stop = async () => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  const until = Date.now() + READY_MS;
  while (!existsSync(ports)) {
    if (child.exitCode !== null || Date.now() > until)
      throw new Error(`it did not start:\n${told(child, log)}`);
    await new Promise((done) => setTimeout(done, 20));
  }
  const { http } = JSON.parse(readFileSync(ports, 'utf8')) as { http: string };
  return { url: `http://${http}`, stop };
}

function told(child: ChildProcess, log: string): string {
  return `${readFileSync(log, 'utf8')}\nexit code ${child.exitCode}`;
}

export default async function setup({ provide }: { provide(name: 'url', value: string): void }) {
  const server = await start();
  provide('url', server.url);
  return () => server.stop();
}
