/** What is said above a form. Invariant: what is wrong with a field that the form has stands at that field only. */
import { fieldOf, reasonOf } from '../app/sending';
import { sentence } from '../design/states';

/** `fields` are the names that the server has for what the form shows. */
export function reasonAbove(error: unknown, fields: readonly string[]): string | null {
  if (error === null || error === undefined) return null;
  const field = fieldOf(error);
  if (field !== null && fields.includes(field)) return null;
  // Whoever opened a link has typed no token.
  return field === 'token' ? `The link cannot be used. ${reasonOf(error)}` : sentence(error);
}
