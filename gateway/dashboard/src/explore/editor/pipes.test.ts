import { expect, test } from 'vitest';
import { filterOf, pipesOf } from './tokens';

test.each([
  ['', '', ''],
  ['level:error', 'level:error', ''],
  ['level:error | stats count() by service', 'level:error', '| stats count() by service'],
  ['a || b | top service', 'a || b', '| top service'],
  ['"a | b" c', '"a | b" c', ''],
  ['"a \\" | b" | x', '"a \\" | b"', '| x'],
  ['message:/a|b/ | limit 1', 'message:/a|b/', '| limit 1'],
  ['/a|b/', '/a|b/', ''],
  ['path:/var/log | limit 1', 'path:/var/log', '| limit 1'],
  ['a\\|b', 'a\\|b', ''],
  ['"never ends | x', '"never ends | x', ''],
  ['| stats count()', '', '| stats count()'],
])('%s', (query, filter, pipes) => {
  expect([filterOf(query), pipesOf(query)]).toEqual([filter, pipes]);
});
