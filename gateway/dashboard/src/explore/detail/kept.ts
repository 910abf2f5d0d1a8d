/** What of this panel stands in the address, so that a colleague sees the same tab. */
import { useNavigate, useSearch } from '@tanstack/react-router';

export function useKept(name: string, usual: string): [string, (value: string) => void] {
  const search = useSearch({ strict: false }) as Record<string, string | undefined>;
  const navigate = useNavigate();
  const keep = (value: string) => {
    const change = (before: Record<string, unknown>) => ({
      ...before,
      [name]: value === usual ? undefined : value,
    });
    void navigate({ to: '.', search: change, replace: true } as never);
  };
  return [search[name] ?? usual, keep];
}
