import { describe, expect, it } from 'vitest';
import type { Line } from '../../api/schema';
import { asCurl, asJson, conditionOf, entriesOf, isObject, parsed, traceOf } from './line';

const LINE =
  '{"id":"0-1-0","timestamp":"2026-03-01T08:00:00Z","received_at":"2026-03-01T08:00:01Z","level":"info","message":"disk full","source":null,"service":"shop","environment":null,"host":null,"order":12345678901234567890,"__proto__":{"x":1},"price":1.50,"raw":"…"}';
const line = parsed(LINE) as Line;

describe('a line', () => {
  it('keeps the digits of its numbers', () => {
    const order = (line as unknown as Record<string, unknown>).order;
    expect(isObject(order)).toBe(false);
    expect(conditionOf(order)).toBe('12345678901234567890');
    expect(asJson(line)).toContain('"order": 12345678901234567890');
    expect(asJson(line)).toContain('"price": 1.50');
  });

  it('shows its message first, and neither what is missing nor what is about it', () => {
    expect(entriesOf(line).map(({ name }) => name)).toEqual([
      'message',
      'timestamp',
      'level',
      'service',
      'order',
      '__proto__',
      'price',
    ]);
  });

  it('may have fields with names that objects have', () => {
    expect(asJson(line)).toContain('"__proto__": {\n    "x": 1');
    expect(asJson(line)).not.toContain('raw');
  });

  it('is of a trace under several names', () => {
    const of = (fields: string) => traceOf(parsed(`{${fields}}`) as Line);
    expect(of('"trace_id":"a"')).toBe('a');
    expect(of('"trace.id":"b"')).toBe('b');
    expect(of('"trace":{"id":"c"}')).toBe('c');
    expect(of('"trace_id":""')).toBeNull();
    expect(of('"trace":"x"')).toBeNull();
  });

  it('is asked for by curl whatever its id', () => {
    expect(asCurl("0-1-0'; rm x '")).not.toMatch(/[^\\]'; rm/);
  });
});

it('a condition is made of what has one value that is not too long', () => {
  expect([conditionOf(true), conditionOf(0), conditionOf('')]).toEqual(['true', '0', '']);
  expect([conditionOf(null), conditionOf({}), conditionOf([]), conditionOf('x'.repeat(3000))]).toEqual([
    null,
    null,
    null,
    null,
  ]);
});
