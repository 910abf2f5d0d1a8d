import { describe, expect, test } from 'vitest';
import { csvOf } from './csv';
import { BARS_MAX, kindOf, orderOf, pieces, SERIES_MAX, shapeOf, sorted } from './shape';

const at = (minute: number) => new Date(Date.UTC(2026, 2, 1, 8, minute)).toISOString();

describe('kinds', () => {
  test.each([
    [[1, null, 2.5], 'number'],
    [[at(0), at(1)], 'time'],
    [['a', 1], 'text'],
    [[null, null], 'text'],
    [[], 'text'],
    [['2026-03-01'], 'text'],
    [[true], 'text'],
    [[{ a: 1 }], 'text'],
  ])('%j is %s', (values, kind) => {
    expect(
      kindOf(
        (values as unknown[]).map((value) => [value]),
        0,
      ),
    ).toBe(kind);
  });
});

describe('charts', () => {
  test('a text and a number are bars, the largest first', () => {
    const shape = shapeOf(
      ['service', 'count()'],
      [
        ['checkout', 2],
        ['disks.log', 7],
      ],
    );
    expect(shape).toMatchObject({ chart: 'bars', others: 0, text: 0 });
    expect(shape.chart === 'bars' && shape.bars.map(({ name }) => name)).toEqual(['disks.log', 'checkout']);
  });

  test('what has no bar is said', () => {
    const rows = Array.from({ length: 143 }, (_, index) => [`s${index}`, index]);
    const shape = shapeOf(['service', 'count()'], rows);
    expect(shape.chart === 'bars' && [shape.bars.length, shape.others]).toEqual([BARS_MAX, 143 - BARS_MAX]);
  });

  test('a time and numbers are a line for each number', () => {
    const shape = shapeOf(
      ['timestamp', 'count()', 'avg(took)'],
      [
        [at(1), 3, null],
        [at(0), 1, 2.5],
      ],
    );
    expect(shape).toMatchObject({ chart: 'lines', others: 0, step: 60_000 });
    expect(shape.chart === 'lines' && shape.series.map(({ name }) => name)).toEqual(['count()', 'avg(took)']);
    expect(shape.chart === 'lines' && shape.series[0]?.points.map(({ value }) => value)).toEqual([1, 3]);
  });

  test('a time, a text and a number are a line for each text, the largest eight', () => {
    const services = Array.from({ length: 11 }, (_, index) => `s${index}`);
    const rows = services.flatMap((service, index) => [
      [at(0), service, index],
      [at(1), service, index],
    ]);
    const shape = shapeOf(['timestamp', 'service', 'count()'], rows);
    expect(shape.chart === 'lines' && [shape.series.length, shape.others]).toEqual([SERIES_MAX, 3]);
    expect(shape.chart === 'lines' && shape.series[0]?.name).toBe('s10');
  });

  test('names such as __proto__ are names', () => {
    const rows = [
      [at(0), '__proto__', 1],
      [at(1), '__proto__', 2],
      [at(1), null, 2],
    ];
    const shape = shapeOf(['timestamp', 'service', 'count()'], rows);
    expect(shape.chart === 'lines' && shape.series.map(({ name }) => name)).toEqual(['__proto__', '–']);
  });

  test.each([
    [
      'two values at one time',
      ['timestamp', 'n'],
      [
        [at(0), 1],
        [at(0), 2],
        [at(1), 2],
      ],
    ],
    ['one time', ['timestamp', 'n'], [[at(0), 1]]],
    [
      'amounts below zero',
      ['service', 'n'],
      [
        ['a', -1],
        ['b', 2],
      ],
    ],
    ['one row', ['service', 'n'], [['a', 1]]],
    [
      'two texts',
      ['service', 'host', 'n'],
      [
        ['a', 'b', 1],
        ['b', 'c', 2],
      ],
    ],
    ['no rows', ['service', 'n'], []],
    ['no columns', [], [[], []]],
  ])('%s make no chart', (_, columns, rows) => expect(shapeOf(columns, rows).chart).toBe('none'));

  test('where a step is missing, the line is broken', () => {
    const points = [0, 1, 2, 5, 6, 9].map((minute) => ({ at: minute, value: 1 }));
    expect(pieces(points, 1).map((piece) => piece.length)).toEqual([3, 2, 1]);
  });
});

describe('order', () => {
  const columns = ['name', 'n'];
  const rows = [
    ['b', 10],
    ['a', null],
    ['ä', 9],
    ['B2', 100],
    ['b10', -1],
  ];

  test('is by size, and what is missing comes last', () => {
    const by = (text: string) => sorted(columns, rows, orderOf(text, columns)).map(([, n]) => n);
    expect(by('n')).toEqual([-1, 9, 10, 100, null]);
    expect(by('-n')).toEqual([100, 10, 9, -1, null]);
  });

  test('of names is that of people', () => {
    const names = sorted(columns, rows, { column: 'name', isDown: false }).map(([name]) => name);
    expect(names).toEqual(['a', 'ä', 'b', 'B2', 'b10']);
  });

  test('by what is not there leaves the rows as they came', () => {
    expect(orderOf('-x', columns)).toBeNull();
    expect(orderOf(undefined, columns)).toBeNull();
    expect(sorted(columns, rows, null)).toBe(rows);
    expect(orderOf('-n', ['-n', 'n'])).toEqual({ column: '-n', isDown: false });
  });
});

describe('CSV', () => {
  test('a cell stays a cell and is no formula', () => {
    const rows = [
      ['=1+1', -1],
      ['a,b', null],
      ['say "hi"', 2.5],
      ['@x', true],
      ['two\nlines', { a: 1 }],
      ['-1', 0],
    ];
    expect(csvOf(['name', '=n'], rows)).toBe(
      `name,'=n\r\n'=1+1,-1\r\n"a,b",\r\n"say ""hi""",2.5\r\n'@x,true\r\n"two\nlines","{""a"":1}"\r\n'-1,0\r\n`,
    );
  });
});
