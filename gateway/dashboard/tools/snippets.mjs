/**
 * Prints what the start page shows, as JSON: `node tools/snippets.mjs SITE KEY [TCP] [SYSLOG]`; a listener is HOST:PORT.
 *
 * It gives the texts as a person gets them to paste. It runs none of them.
 */
import { runnerImport } from 'vite';

const [site, key, tcp, syslog] = process.argv.slice(2);
if (!key) {
  process.stderr.write('say which site and which key: http://127.0.0.1:8000 KEY\n');
  process.exit(1);
}
const { module } = await runnerImport(new URL('../src/start/ways.ts', import.meta.url).pathname, {
  configFile: false,
  logLevel: 'error',
});
process.stdout.write(
  `${JSON.stringify(module.waysFor({ site, tcp: listener(tcp), syslog: listener(syslog) }, key))}\n`,
);

function listener(address) {
  if (!address) return null;
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: Number(address.slice(colon + 1)) };
}
