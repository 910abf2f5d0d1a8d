/** What the address of a settings page holds behind `?`. Invariant: all of it is text from outside. */
import { useNavigate, useSearch } from '@tanstack/react-router';

export type Address = Record<string, string | undefined>;

/** The address, and how to change parts of it. `replace` keeps the step out of the browser's history. */
export function useAddress(): [Address, (change: Address, replace?: boolean) => void] {
  const address = useSearch({ strict: false }) as Address;
  const navigate = useNavigate();
  const go = (change: Address, replace = false) => {
    void navigate({ to: '.', search: { ...address, ...change }, replace } as never);
  };
  return [address, go];
}

/** A whole number from 1 on; 1 for anything else. */
export function pageOf(text: string | undefined): number {
  const page = Number(text);
  return Number.isSafeInteger(page) && page >= 1 && page <= 4_294_967_295 ? page : 1;
}
