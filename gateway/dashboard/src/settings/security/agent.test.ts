import { expect, test } from 'vitest';
import { agentWords } from './agent';

test('browsers are told by name, version and system', () => {
  const check = (agent: string, words: string) => expect(agentWords(agent)).toBe(words);
  const webkit = 'AppleWebKit/537.36 (KHTML, like Gecko)';
  check(`Mozilla/5.0 (X11; Linux x86_64) ${webkit} Chrome/139.0.0.0 Safari/537.36`, 'Chrome 139 on Linux');
  check(`Mozilla/5.0 (Linux; Android 15) ${webkit} Chrome/139.0.0.0 Mobile`, 'Chrome 139 on Android');
  check(`Mozilla/5.0 (Windows NT 10.0) ${webkit} Chrome/139.0.0.0 Edg/139.0`, 'Edge 139 on Windows');
  check('Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Firefox/140.0', 'Firefox 140 on macOS');
  check(
    'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile Safari/604.1',
    'Safari 18 on iOS',
  );
});

test('programs are told as they call themselves', () => {
  expect(agentWords('curl/8.5.0')).toBe('curl 8.5.0');
  expect(agentWords(null)).toBe('unknown program');
  expect(agentWords('x'.repeat(200))).toBe(`${'x'.repeat(40)}…`);
});
