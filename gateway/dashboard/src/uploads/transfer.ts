/**
 * Sends one file, telling how far it is.
 *
 * Invariant: it ends with the server's answer or throws a `Failure`; a login at its end is renewed before bytes go out, and
 * once more if they met its end. `fetch` cannot tell how much was sent, so this is an `XMLHttpRequest`.
 */
import { addressOf, ask, code, Failure, failure, renewed } from '../api/client';
import type { UploadTaken } from '../api/schema';

interface Sending {
  /** Who chose the file: nobody else sends it. */
  owner: string;
  form: FormData;
  signal: AbortSignal;
  /** Of the request: a little more than the file. */
  onSent: (bytes: number) => void;
}

export async function transferred(sending: Sending): Promise<UploadTaken> {
  const { id } = await ask('GET /api/users/me', { signal: sending.signal });
  if (id !== sending.owner) throw new Failure(403, 'somebody_else', OTHER);
  const first = await requested(sending);
  const response = first.status === 401 && (await renewed()) ? await requested(sending) : first;
  if (!response.ok) throw await failure(response);
  return (await response.json()) as UploadTaken;
}

function requested({ form, signal, onSent }: Sending): Promise<Response> {
  signal.throwIfAborted();
  const request = new XMLHttpRequest();
  const abort = () => request.abort();
  const answer = new Promise<Response>((resolve, reject) => {
    request.onload = () => resolve(responseOf(request));
    request.onabort = () => reject(signal.reason);
    request.onerror = () => reject(new Failure(0, 'unreachable', BROKEN));
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
  });
  signal.addEventListener('abort', abort);
  request.open('POST', addressOf('POST /api/logs/upload'));
  const proof = code();
  if (proof) request.setRequestHeader('X-CSRF-Token', proof);
  request.send(form);
  return answer.finally(() => signal.removeEventListener('abort', abort));
}

const BROKEN =
  'The connection broke while the file was being sent; nothing of it was kept. The server may be away, or the file may have changed since it was chosen.';

const OTHER = 'Somebody else has logged in since this file was chosen, so it was not sent.';

function responseOf(request: XMLHttpRequest): Response {
  const headers = new Headers();
  for (const name of ['content-type', 'x-request-id']) {
    const value = request.getResponseHeader(name);
    if (value) headers.set(name, value);
  }
  return new Response(request.responseText, { status: request.status, headers });
}
