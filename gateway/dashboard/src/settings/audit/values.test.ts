import { expect, test } from 'vitest';
import { actionWords, changes, changeWords, isTime, shortId, summary, valueWords } from './values';

const plain = (text: string) => text;

test('every value becomes text', () => {
  expect(valueWords(null, plain)).toBe('nothing');
  expect(valueWords([], plain)).toBe('none');
  expect(valueWords(['ingest', 'read'], plain)).toBe('ingest, read');
  expect(valueWords(true, plain)).toBe('true');
  expect(valueWords({ a: 1 }, plain)).toBe('{"a":1}');
  expect(valueWords(1099511627776, () => 'other')).toBe('1099511627776');
});

test('characters that hide others are told by their numbers', () => {
  expect(valueWords('a\u001b[2Jb', plain)).toBe('a\\u001b[2Jb');
  expect(valueWords('abc\u202exyz', plain)).toBe('abc\\u202exyz');
  expect(valueWords('two\nlines', plain)).toBe('two\nlines');
});

test('a value before and after are told together', () => {
  const told = changes({ before: { role: 'viewer', gone: 1 }, after: { role: 'analyst', count: 2 } }, plain);
  expect(told.map(changeWords)).toEqual(['role: viewer → analyst', 'gone: was 1', 'count: 2']);
});

test('a value may have the name of what objects have anyway', () => {
  const after = JSON.parse('{"__proto__": "x", "toString": "y"}');
  expect(changes({ before: {}, after }, plain).map(changeWords)).toEqual(['__proto__: x', 'toString: y']);
});

test('a long summary is cut between characters', () => {
  const words = summary({ before: {}, after: { bio: '🦌'.repeat(200) } }, plain);
  expect(words.endsWith('🦌…')).toBe(true);
  expect(summary({ before: {}, after: {} }, plain)).toBe('');
});

test('an action is read as words', () => {
  expect(actionWords('member_role_changed')).toBe('member role changed');
});

test('ids and times are known as such', () => {
  expect(shortId('4b594229788ea6dd7878520a3c46a5dc')).toBe('4b594229…');
  expect(shortId('viewer')).toBe('viewer');
  expect(isTime('2026-11-30T12:38:12.514295800Z')).toBe(true);
  expect(isTime('2026-99-30T12:38:12Z')).toBe(false);
  expect(isTime('soon')).toBe(false);
  const told = (text: string) => (text === '6f1c' ? 'ada' : text);
  expect(summary({ before: {}, after: { user: '6f1c' } }, told)).toBe('user: ada');
});
