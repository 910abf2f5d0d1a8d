/** The end of the chain of hashes. Who keeps its receipt elsewhere can prove later that nothing before it was changed. */
import type { AuditList } from '../../api/schema';
import { Copy } from '../../design/copy';
import { Moment } from '../../design/moment';
import { exact } from '../../design/numbers';
import { Section } from '../../design/page';
import { Facts } from '../parts/facts';
import css from '../parts/parts.module.css';
import own from './audit.module.css';

export function Chain({ head }: { head: NonNullable<AuditList['head']> }) {
  const receipt = JSON.stringify(head.receipt);
  return (
    <Section
      title="Chain"
      about="Each entry has the hash of the one before, so none can be changed, left out or put in later without being found."
    >
      <Facts
        facts={[
          ['Entries', exact(head.entries)],
          [
            'Last',
            <span key="last">
              {head.id}, <Moment at={head.at} />
            </span>,
          ],
          [
            'Its hash',
            <span key="hash" className={own.hash}>
              {head.hash}
            </span>,
          ],
        ]}
      />
      <p className={css.quiet}>
        Keep the receipt elsewhere. The operator proves it against the log with{' '}
        <code>antler verify --receipt FILE</code>.
      </p>
      <div className={css.row}>
        <Copy text={receipt} label="Copy receipt" />
      </div>
    </Section>
  );
}
