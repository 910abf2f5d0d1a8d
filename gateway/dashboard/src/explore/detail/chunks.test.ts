import { expect, it } from 'vitest';
import { chunksOf } from './chunks';

it('chunks joined are the text, and none ends inside of a character', () => {
  for (const text of [
    '',
    'short',
    'word '.repeat(9_000),
    'x'.repeat(40_001),
    '😀'.repeat(20_001),
    'row\n'.repeat(9_000),
  ]) {
    const chunks = chunksOf(text);
    expect(chunks.join('')).toBe(text);
    for (const chunk of chunks) expect(chunk.isWellFormed()).toBe(true);
  }
});

it('chunks end behind a row or a word where one is near', () => {
  for (const chunk of chunksOf(`${'some words of a row '.repeat(20)}\n`.repeat(200)))
    expect(chunk).toMatch(/\n$/);
  for (const chunk of chunksOf('word '.repeat(9_000))) expect(chunk).toMatch(/ $/);
});
