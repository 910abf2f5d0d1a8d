/**
 * Sends an archive, and says how far it is. Invariant: nothing of the file is read into memory; a login at its end is
 * renewed before. It takes what the browser offers for that, because `fetch` tells nothing of what was sent.
 */
import { addressOf, ask, code, Failure, LOGIN_ENDED } from '../../api/client';
import type { Archive } from '../../api/schema';

interface Bringing {
  onProgress: (share: number) => void;
  signal: AbortSignal;
}

export async function bring(file: Blob, { onProgress, signal }: Bringing): Promise<Archive> {
  await ask('GET /api/users/me', { signal });
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', addressOf('POST /api/tenant/import'));
    request.setRequestHeader('Content-Type', 'application/x-tar');
    const proof = code();
    if (proof) request.setRequestHeader('X-CSRF-Token', proof);
    request.upload.onprogress = ({ loaded, total }) => onProgress(total > 0 ? loaded / total : 1);
    request.onload = () => {
      if (request.status < 300) resolve(JSON.parse(request.responseText) as Archive);
      else reject(refusal(request.status, request.responseText, request.getResponseHeader('x-request-id')));
    };
    request.onerror = () =>
      reject(
        new Failure(0, 'unreachable', 'The connection broke before the archive was sent. Nothing was taken.'),
      );
    request.onabort = () => reject(new DOMException('stopped', 'AbortError'));
    signal.addEventListener('abort', () => request.abort());
    request.send(file);
  });
}

/** Why the server did not take it. */
export function refusal(status: number, body: string, id: string | null): Failure {
  try {
    const { error } = JSON.parse(body) as { error: { code: string; message: string } };
    return new Failure(status, error.code, status === 401 ? LOGIN_ENDED : error.message, {}, id);
  } catch {
    return new Failure(status, 'unreadable', `The server answered with status ${status}.`, {}, id);
  }
}
