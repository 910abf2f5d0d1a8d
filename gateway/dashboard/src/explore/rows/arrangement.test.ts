import { describe, expect, it } from 'vitest';
import {
  type Arrangement,
  arranged,
  listed,
  moved,
  namesOf,
  pinToggled,
  withColumn,
  withoutColumn,
} from './arrangement';

function shown({ columns, pinned }: Arrangement): string {
  return columns.toSpliced(pinned, 0, '|').join(' ');
}

const five = arranged(['a', 'b', 'c', 'd', 'message'], 2);

describe('columns', () => {
  const cases: [string, Arrangement, string][] = [
    ['are pinned behind those that are', pinToggled(five, 3), 'a b d | c message'],
    ['are let go before those that are not', pinToggled(five, 0), 'b | a c d message'],
    ['move past the border, which stays', moved(five, 1, 1), 'a c | b d message'],
    ['do not move beyond the ends', moved(five, 0, -1), 'a b | c d message'],
    ['go, and those behind follow', withoutColumn(five, 'a'), 'b | c d message'],
    ['go from behind the border', withoutColumn(five, 'd'), 'a b | c message'],
    ['come before the message', withColumn(five, 'new'), 'a b | c d new message'],
    [
      'come behind what is pinned',
      withColumn(arranged(['message', 'a', 'b'], 2), 'new'),
      'message a | new b',
    ],
    ['come last where there is no message', withColumn(arranged(['a'], 0), 'new'), '| a new'],
    ['stay where the last one would go', withoutColumn(arranged(['a'], 0), 'a'), '| a'],
  ];
  it.each(cases)('%s', (_, arrangement, expected) => expect(shown(arrangement)).toBe(expected));
});

describe('what stands in an address', () => {
  const cases: [string[], number, string][] = [
    [['a', 'b', 'a'], 1, 'a | b'],
    [['a', 'b'], 9, 'a | b'],
    [['a', 'b'], -1, '| a b'],
    [['a', 'b'], Number.NaN, '| a b'],
    [['a', 'b'], 1.7, 'a | b'],
    [['a'], 1, '| a'],
  ];
  it.each(cases)('%j with %d pinned', (columns, pinned, expected) =>
    expect(shown(arranged(columns, pinned))).toBe(expected),
  );
});

describe('names of columns as a text', () => {
  it.each([[['a', 'b']], [['a,b', 'c']], [['a\\', 'b']], [[',', '\\,', '\\\\,,']], [['\\a', '😀', ' ']]])(
    'come back as they were: %j',
    (names) => expect(namesOf(listed(names))).toEqual(names),
  );

  it('are read as they were written before there were signs for commas', () => {
    expect(namesOf('a,C:\\d,,b,')).toEqual(['a', 'C:\\d', 'b']);
  });
});
