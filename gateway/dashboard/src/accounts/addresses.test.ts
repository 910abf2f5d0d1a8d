import { describe, expect, it } from 'vitest';
import { pastedToken, placeAfter, tokenOf } from './addresses';

const BASE = 'https://logs.example.org/';

describe('the place after a login', () => {
  it('is the page that was left, with all that its address says', () => {
    expect(placeAfter('/explore?q=level%3Aerror&from=now-6h#x', BASE)).toBe(
      '/explore?q=level%3Aerror&from=now-6h#x',
    );
  });

  it.each([
    undefined,
    '',
    'explore',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    '/\n/evil.example',
    'https://evil.example/',
    'javascript:alert(1)',
  ])('is home for %j', (next) => {
    expect(placeAfter(next, BASE)).toBe('/');
  });

  it('is never a door again', () => {
    expect(placeAfter('/login?next=/explore', BASE)).toBe('/');
    expect(placeAfter('/register', BASE)).toBe('/');
  });
});

describe('tokens of links', () => {
  it('stand behind the hash, or in the query', () => {
    expect(tokenOf('#token=a.b.c', {})).toBe('a.b.c');
    expect(tokenOf('token=a.b.c', {})).toBe('a.b.c');
    expect(tokenOf('', { token: ' a.b.c ' })).toBe('a.b.c');
    expect(tokenOf('#x', {})).toBe('');
  });

  it('are found in what was pasted', () => {
    expect(pastedToken(' antler_invite_1f ')).toBe('antler_invite_1f');
    expect(pastedToken('https://logs.example.org/accept-invitation#token=antler_invite_1f')).toBe(
      'antler_invite_1f',
    );
    expect(pastedToken('https://logs.example.org/accept-invitation?token=antler_invite_1f&x=1')).toBe(
      'antler_invite_1f',
    );
  });
});
