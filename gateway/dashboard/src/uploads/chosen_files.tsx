/** The files that were chosen, and what each was found to be. */
import { Button } from '../design/controls';
import { bytes } from '../design/numbers';
import { Table } from '../design/page';
import { readable } from '../design/readable';
import type { Choosing, Chosen } from './chosen';
import type { Detected } from './detect';
import css from './sender.module.css';

interface ChosenFilesProps {
  choosing: Choosing;
  /** The one that is looked at. */
  shown: number | null;
  onShow: (id: number) => void;
}

export function ChosenFiles({ choosing: { chosen, remove }, shown, onShow }: ChosenFilesProps) {
  return (
    <Table columns={['File', 'Size', 'Found']} last="Actions" label="Chosen files">
      {chosen.map((one) => (
        <tr key={one.id}>
          <td className={css.name}>
            <bdi>{readable(one.file.name)}</bdi>
          </td>
          <td className={css.number}>{bytes(one.file.size)}</td>
          <td>
            <Found one={one} />
          </td>
          <td className={css.actions}>
            {chosen.length > 1 && one.detected && one.detected.is !== 'refused' && (
              <Button
                kind="plain"
                aria-pressed={one.id === shown}
                aria-label={`Look at ${one.file.name}`}
                onClick={() => onShow(one.id)}
              >
                Look
              </Button>
            )}
            <Button kind="plain" aria-label={`Remove ${one.file.name}`} onClick={() => remove(one.id)}>
              ✕
            </Button>
          </td>
        </tr>
      ))}
    </Table>
  );
}

function Found({ one: { detected } }: { one: Chosen }) {
  if (!detected) return <span className={css.quiet}>…</span>;
  if (detected.is === 'refused') return <span className={css.wrong}>✕ Not sent: it {detected.why}.</span>;
  return <span>{wordOf(detected)}</span>;
}

const WORDS: Record<string, string> = {
  ndjson: 'JSON, one object a line',
  json: 'JSON',
  csv: 'CSV',
  text: 'text',
  gz: 'packed (gz)',
  zstd: 'packed (zstd)',
  zip: 'an archive (zip)',
};

function wordOf(detected: Exclude<Detected, { is: 'refused' }>): string {
  return WORDS[detected.is === 'lines' ? detected.format : detected.packing] ?? '';
}
