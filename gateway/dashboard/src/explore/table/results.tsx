/**
 * The answer of pipes: a table, and the chart that says the same where there is one.
 *
 * Invariant: of the rows only those are drawn that can be seen. How it is sorted stands in the address.
 */

import { useMemo } from 'react';
import { useAddress } from '../../app/address';
import { tell } from '../../app/toasts';
import { Button } from '../../design/controls';
import { copied } from '../../design/copy';
import { exact } from '../../design/numbers';
import { Empty } from '../../design/states';
import { Bars } from './bars';
import { csvOf } from './csv';
import { Grid } from './grid';
import { Lines } from './lines';
import css from './results.module.css';
import { kindOf, type Order, orderOf, shapeOf, sorted } from './shape';

interface ResultsProps {
  columns: string[];
  rows: unknown[][];
  onValue?(column: string, value: unknown): void;
}

export function Results({ columns, rows, onValue }: ResultsProps) {
  const [order, setOrder] = useOrder(columns);
  const kinds = useMemo(() => columns.map((_, at) => kindOf(rows, at)), [columns, rows]);
  const shape = useMemo(() => shapeOf(columns, rows), [columns, rows]);
  const shown = useMemo(() => sorted(columns, rows, order), [columns, rows, order]);
  if (rows.length === 0) {
    return <Empty title="The pipes leave no rows">Take the last pipe away, or look at more time.</Empty>;
  }
  const copy = async () => {
    const is = await copied(csvOf(columns, shown));
    tell(
      is
        ? `${exact(shown.length)} rows are in the clipboard.`
        : 'This browser lets no page write to the clipboard.',
      {
        kind: is ? 'news' : 'error',
      },
    );
  };
  const choose = (at: number) => {
    const name = columns[at];
    return onValue && name !== undefined ? (value: unknown) => onValue(name, value) : undefined;
  };
  return (
    <section className={css.results} aria-label="Answer" data-chart={shape.chart}>
      {shape.chart === 'bars' && (
        <Bars
          bars={shape.bars}
          others={shape.others}
          names={columns[shape.text] ?? ''}
          values={columns[1 - shape.text] ?? ''}
          onValue={choose(shape.text)}
        />
      )}
      {shape.chart === 'lines' && <Lines {...shape} />}
      <div className={css.table}>
        <div className={css.head}>
          <span>
            {exact(rows.length)} {rows.length === 1 ? 'row' : 'rows'}
          </span>
          <Button kind="plain" onClick={() => void copy()}>
            Copy as CSV
          </Button>
        </div>
        <Grid
          columns={columns}
          kinds={kinds}
          rows={shown}
          order={order}
          onOrder={setOrder}
          {...(onValue && { onValue })}
        />
      </div>
    </section>
  );
}

function useOrder(columns: string[]): [Order | null, (order: Order | null) => void] {
  const [{ by }, go] = useAddress();
  const order = useMemo(() => orderOf(by, columns), [by, columns]);
  const set = (order: Order | null) =>
    go({ by: order ? `${order.isDown ? '-' : ''}${order.column}` : undefined }, true);
  return [order, set];
}
