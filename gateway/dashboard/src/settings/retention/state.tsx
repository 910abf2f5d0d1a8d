/** Where an archive is: state, progress, and why it failed. */
import type { Archive } from '../../api/schema';
import css from '../parts/parts.module.css';
import { isUnderWay, STATE_WORDS } from './archives';
import own from './retention.module.css';

export function ArchiveState({ archive }: { archive: Archive }) {
  const { state, progress, error, warnings, kind } = archive;
  return (
    <>
      <div className={state === 'failed' ? css.wrong : undefined}>
        {STATE_WORDS[state]}
        {isUnderWay(archive) && `, ${progress} %`}
      </div>
      {isUnderWay(archive) && (
        <progress
          className={own.progress}
          max={100}
          value={progress}
          aria-label={`Progress of the ${kind}`}
        />
      )}
      {error && <div className={css.sub}>{error}</div>}
      {warnings.map((warning) => (
        <div key={warning} className={css.sub}>
          {warning}
        </div>
      ))}
    </>
  );
}
