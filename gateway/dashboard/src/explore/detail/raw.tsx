/** A line as it came, with signs for what has no letter. What is copied is the text itself. */
import { addressOf } from '../../api/client';
import type { Line } from '../../api/schema';
import { buttonClass } from '../../design/controls';
import { Copy } from '../../design/copy';
import { bytes, exact } from '../../design/numbers';
import { Empty } from '../../design/states';
import css from './detail.module.css';
import { Long } from './long';
import { Bar } from './near';
import { visible } from './visible';

export function Raw({ line }: { line: Line }) {
  const { id, raw } = line;
  if (raw === undefined) return <Empty title="The line came without its bytes" />;
  const size = new TextEncoder().encode(raw).length;
  return (
    <>
      <Bar>
        <span title={`${exact(size)} bytes`}>{bytes(size)}</span>
        <Copy text={raw} />
        <a className={buttonClass} href={addressOf('GET /api/logs/{id}/raw', { path: { id } })} download>
          Download
        </a>
      </Bar>
      <div className={css.raw}>
        <Long text={raw} show={visible} />
      </div>
    </>
  );
}
