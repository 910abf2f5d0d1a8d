import { describe, expect, it } from 'vitest';
import { framesOf } from './stack';

const kinds = (text: string) => framesOf(text)?.map(({ kind }) => kind);

describe('a stack trace', () => {
  it('of Java tells the application from libraries', () => {
    const text =
      'shop.PaymentException: refused\n\tat shop.Checkout.pay(Checkout.java:42)\n\tat org.springframework.web.Filter.run(Filter.java:9)\nCaused by: x\n\t... 12 more';
    expect(kinds(text)).toEqual(['other', 'own', 'library', 'other', 'library']);
  });

  it('of Python keeps the code below its place', () => {
    const text =
      'Traceback (most recent call last):\n  File "/app/shop.py", line 3, in pay\n    charge(x)\n  File "/usr/lib/python3/http.py", line 9, in send\n    self.go()\nValueError: no';
    expect(kinds(text)).toEqual(['other', 'own', 'own', 'library', 'library', 'other']);
  });

  it('of JavaScript, Rust and Go is known', () => {
    expect(kinds('Error: no\n    at pay (/app/pay.js:1:2)\n    at run (node:internal/x:3:4)')).toEqual([
      'other',
      'own',
      'library',
    ]);
    expect(kinds('   0: shop::pay\n   1: core::ops::function::FnOnce::call_once')).toEqual([
      'own',
      'library',
    ]);
    expect(kinds('goroutine 1:\n\t/app/main.go:12 +0x1\n\t/usr/local/go/src/net/http.go:9')).toEqual([
      'other',
      'own',
      'library',
    ]);
  });

  it('is not seen in what only has rows', () => {
    expect(framesOf('one\ntwo\nthree')).toBeNull();
    expect(framesOf('    at once')).toBeNull();
    expect(framesOf('x\n  at y')).toBeNull();
  });

  it('is looked for in time that grows with the text', () => {
    const began = performance.now();
    framesOf('    at '.repeat(50_000).concat('\n'.repeat(50_000)));
    framesOf(`${' '.repeat(200_000)}\n${'1'.repeat(200_000)}`);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});
