/**
 * A file of the server, taken by the browser itself. Invariant: a login that is at its end is renewed first, so that no
 * refusal is saved as the file.
 */
import { useState } from 'react';
import { ask } from '../../api/client';
import { tellFailure } from '../../app/toasts';
import { Button } from '../../design/controls';

export function Download({ href, children, label }: { href: string; children: string; label?: string }) {
  const [busy, setBusy] = useState(false);
  const take = async () => {
    setBusy(true);
    try {
      await ask('GET /api/users/me');
      const link = document.createElement('a');
      link.href = href;
      link.download = '';
      link.click();
    } catch (error) {
      tellFailure(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Button disabled={busy} aria-label={label} onClick={() => void take()}>
      {children}
    </Button>
  );
}
