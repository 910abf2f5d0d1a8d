/** Where files are chosen, looked at and sent. Invariant: what was typed stays when files are sent or refused. */
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import { shownKeys } from '../app/keys';
import { Button } from '../design/controls';
import { Note } from '../design/states';
import { type Choosing, whyNot } from './chosen';
import { ChosenFiles } from './chosen_files';
import { Described, HowToRead } from './fields';
import { Look } from './look';
import css from './sender.module.css';
import { send } from './transfers';
import { isField, type Name, type Values } from './values';

interface SenderProps {
  owner: string;
  choosing: Choosing;
  values: Values;
  onValues: (values: Values) => void;
}

export function Sender({ owner, choosing, values, onValues }: SenderProps) {
  const { chosen, add, clear, leftOut } = choosing;
  const [shown, setShown] = useState<number | null>(null);
  const [wrong, setWrong] = useState<{ name: Name; why: string } | null>(null);
  const good = chosen.filter((one) => one.detected && one.detected.is !== 'refused');
  const reason = good.length > 0 ? null : whyNot(chosen);
  const why = useId();
  const looked = good.find((one) => one.id === shown) ?? good[0];
  const set = (change: Partial<Values>) => onValues({ ...values, ...change });
  const onWrong = useCallback(
    (name: string | null, why: string) => setWrong(isField(name) ? { name, why } : null),
    [],
  );
  const submit = () => {
    send(
      owner,
      good.map(({ file }) => file),
      values,
    );
    clear();
  };
  return (
    <form
      className={css.sender}
      aria-label="Send files"
      onSubmit={(event) => {
        event.preventDefault();
        if (good.length > 0) submit();
      }}
    >
      <DropZone onFiles={add} />
      {leftOut && <Note>{leftOut}</Note>}
      {chosen.length > 0 && (
        <>
          <ChosenFiles choosing={choosing} shown={looked?.id ?? null} onShow={setShown} />
          <Described values={values} onChange={set} />
          <HowToRead values={values} onChange={set} wrong={wrong} several={good.length > 1} />
          {looked?.detected && (
            <Look
              key={looked.id}
              file={looked.file}
              detected={looked.detected}
              values={values}
              onWrong={onWrong}
            />
          )}
          <div className={css.row}>
            <Button
              kind="main"
              type="submit"
              aria-disabled={reason !== null || undefined}
              aria-describedby={reason === null ? undefined : why}
            >
              {good.length > 1 ? `Send ${good.length} files` : 'Send the file'}
            </Button>
            <Button onClick={clear}>Choose none</Button>
            {reason !== null && (
              <span id={why} className={css.quiet}>
                {reason}
              </span>
            )}
          </div>
        </>
      )}
    </form>
  );
}

function DropZone({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  const isOver = useDrop(onFiles);
  return (
    <div className={css.zone} data-over={isOver}>
      <div className={css.row}>
        <Button onClick={() => input.current?.click()}>Choose files</Button>
        <span>{isOver ? 'Let go to choose these files' : 'or drop them anywhere on this page'}</span>
      </div>
      <input
        ref={input}
        className="unseen"
        type="file"
        multiple
        tabIndex={-1}
        aria-label="Files to send"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = '';
        }}
      />
      <p className={css.quiet}>
        JSON, NDJSON, CSV or text, also as gz, zstd or zip; up to 10 files of 1 GiB. {shownKeys('Mod+U')}{' '}
        leads here from anywhere.
      </p>
    </div>
  );
}

/** The whole page takes what is dropped. Says whether files are held over it. */
function useDrop(onFiles: (files: readonly File[]) => void): boolean {
  const [depth, setDepth] = useState(0);
  const latest = useRef(onFiles);
  latest.current = onFiles;
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false;
    const enter = (event: DragEvent) => hasFiles(event) && setDepth((now) => now + 1);
    const leave = (event: DragEvent) => hasFiles(event) && setDepth((now) => Math.max(now - 1, 0));
    const over = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      setDepth(0);
      latest.current([...(event.dataTransfer?.files ?? [])]);
    };
    const heard = { dragenter: enter, dragleave: leave, dragover: over, drop };
    for (const [name, hear] of Object.entries(heard)) window.addEventListener(name, hear as EventListener);
    return () => {
      for (const [name, hear] of Object.entries(heard))
        window.removeEventListener(name, hear as EventListener);
    };
  }, []);
  return depth > 0;
}
