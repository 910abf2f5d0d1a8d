/** What is looked at, as a file or in the clipboard. A file is streamed by the browser: it may be as long as it likes. */
import { useState } from 'react';
import { ask } from '../../api/client';
import { tell, tellFailure } from '../../app/toasts';
import { Button } from '../../design/controls';
import { copied } from '../../design/copy';
import { Menu } from '../../design/menu';
import { curlOf, type Exported, exportAddress, type Format } from './requests';

export function Export({ q, span, columns }: Exported) {
  const exported = { q, span, columns };
  const [isBusy, setBusy] = useState(false);
  const download = async (format: Format, isWhole = false) => {
    setBusy(true);
    try {
      await check(q);
      begin(exportAddress(exported, format, isWhole));
      tell(`The ${format.toUpperCase()} file comes as a download.`);
    } catch (error) {
      tellFailure(error);
    } finally {
      setBusy(false);
    }
  };
  const copy = async (what: string, text: string) => {
    const is = await copied(text);
    tell(is ? `${what} is in the clipboard.` : 'This browser lets no page write to the clipboard.', {
      kind: is ? 'news' : 'error',
    });
  };
  return (
    <Menu
      trigger={
        <Button kind="plain" aria-busy={isBusy}>
          Export ▾
        </Button>
      }
      items={[
        { title: 'Download CSV, columns shown', run: () => void download('csv') },
        { title: 'Download CSV, all fields', run: () => void download('csv', true) },
        { title: 'Download JSON', run: () => void download('json') },
        { title: 'Download NDJSON', run: () => void download('ndjson') },
        { title: 'Download TXT', run: () => void download('txt') },
        { title: 'Copy as curl', run: () => void copy('The command', curlOf(exported)) },
        { title: 'Copy the query', disabled: q === '', run: () => void copy('The query', q) },
        { title: 'Copy link to this view', run: () => void copy('The link', window.location.href) },
      ]}
    />
  );
}

/** A wrong query, a login at its end and a server that is away are found here, where they can be told. */
async function check(q: string) {
  const { diagnostics } = await ask('GET /api/logs/validate-query', { query: { q } });
  const wrong = diagnostics.find(({ severity }) => severity === 'error');
  if (wrong) throw new Error(`Nothing was exported, for the query is wrong: ${wrong.message}`);
}

/** What the server refuses fails as a download, and the page stays. */
function begin(url: string) {
  const link = document.createElement('a');
  link.href = url;
  link.download = '';
  document.body.append(link);
  link.click();
  link.remove();
}
