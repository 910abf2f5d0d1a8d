import { expect, it } from 'vitest';
import { piecesOf } from './links';

const links = (text: string) => piecesOf(text).flatMap(({ text, href }) => (href ? [text] : []));

it('addresses of http and https are links, and nothing else is', () => {
  expect(links('see https://x.org/a?b=c#d, and (http://y.org).')).toEqual([
    'https://x.org/a?b=c#d',
    'http://y.org',
  ]);
  expect(links('javascript:alert(1) data:text/html,x ftp://x.org mailto:a@b.c')).toEqual([]);
  expect(links('http:// https://"')).toEqual([]);
});

it('nothing of the text is lost', () => {
  for (const text of [
    '',
    'plain',
    'a https://x.org b',
    'https://x.org',
    `${'https://x.org '.repeat(300)}end`,
  ])
    expect(
      piecesOf(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
});
