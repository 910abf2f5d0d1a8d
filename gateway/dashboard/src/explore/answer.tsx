/** An answer where it is not rows: what is said of it, and what is shown in their place. */
import { Button } from '../design/controls';
import { Empty, Failed, Note, Waiting } from '../design/states';
import { Nothing } from './nothing';
import { problemOf } from './problem';
import type { Found } from './rows/found';
import type { Span } from './time/span';

/** What is said of an answer that is there. */
export function Told({ found }: { found: Found }) {
  const said = found.answer?.warnings ?? [];
  if (!found.answer || found.isOld || (said.length === 0 && !found.answer.partial)) return null;
  return <Note>{said.length > 0 ? said.join(' ') : 'Lines are missing from this answer.'}</Note>;
}

interface InsteadProps {
  found: Found;
  q: string;
  span: Span;
  isLive: boolean;
  onChange(change: { q?: string; from?: string; to?: string }): void;
}

/** What is shown where there are no rows. */
export function Instead({ found, q, span, isLive, onChange }: InsteadProps) {
  if (found.error && !problemOf(found.error))
    return <Failed what="The search failed" error={found.error} onRetry={found.retry} />;
  if (found.error) return null;
  if (found.isWaiting) return <Waiting what="Searching" onCancel={found.cancel} />;
  if (!found.answer) {
    return (
      <Empty title="The search was stopped">
        <Button onClick={found.retry}>Search again</Button>
      </Empty>
    );
  }
  return <Nothing q={q} span={span} isLive={isLive} onChange={onChange} />;
}
