/** Shows that an e-mail address is one's own. Invariant: a link is sent to the server once, however often it is drawn. */

import { useQuery } from '@tanstack/react-query';
import { Link, useLocation, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { ask, hasLogin } from '../api/client';
import { changed } from '../api/questions';
import { useSending } from '../app/sending';
import { Note, sentence, Waiting } from '../design/states';
import { reasonAbove } from './above';
import { tokenOf } from './addresses';
import { Door, DoorForm, Quiet, Ways } from './door';

export default function Verification() {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const token = tokenOf(useLocation({ select: ({ hash }) => hash }), search);
  return (
    <Door title="Verify the e-mail address">
      {token ? (
        <Verified token={token} />
      ) : (
        <Quiet>This address has no token in it. Open the link of the mail whole.</Quiet>
      )}
      {!token && <Again />}
      <Ways>{hasLogin() ? <Link to="/">Go to the logs</Link> : <Link to="/login">Log in</Link>}</Ways>
    </Door>
  );
}

function Verified({ token }: { token: string }) {
  const { data, error, isPending } = useQuery({
    queryKey: ['verification', token],
    queryFn: async () => {
      const told = await ask('POST /api/auth/verify-email', { body: { token } });
      await changed('GET /api/users/me', 'GET /api/users/profile');
      return told;
    },
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  if (isPending) return <Waiting what="Verifying" />;
  if (error) {
    return (
      <>
        <Note kind="error">{reasonAbove(error, [])}</Note>
        <Again />
      </>
    );
  }
  return <p role="status">{sentence(data.message)}</p>;
}

/** Another mail, for whoever is logged in. */
function Again() {
  const [told, setTold] = useState<string | null>(null);
  const sending = useSending();
  const resend = async () => {
    const { message } = await ask('POST /api/auth/verify-email/resend');
    setTold(sentence(message));
  };
  if (!hasLogin()) return <Quiet>Log in to have another link sent.</Quiet>;
  if (told) return <p role="status">{told}</p>;
  return (
    <DoorForm sending={sending} onSend={resend} verb="Send another link" during="Sending">
      {null}
    </DoorForm>
  );
}
