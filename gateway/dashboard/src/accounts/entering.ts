/** From a new account into the pages: registering and joining give no cookie, so the new account logs in. */
import { logIn } from '../app/session';

/** Where to go on. If the login fails, the person does it by hand: the account is there. */
export async function enter(username: string, password: string, to: string): Promise<string> {
  try {
    await logIn(username, password);
    return to;
  } catch {
    return '/login';
  }
}
