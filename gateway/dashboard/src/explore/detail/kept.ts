/** What of this panel stands in the address, so that a colleague sees the same tab. */
import { useAddress } from '../../app/address';

export function useKept(name: string, usual: string): [string, (value: string) => void] {
  const [search, go] = useAddress();
  return [search[name] ?? usual, (value) => go({ [name]: value === usual ? undefined : value }, true)];
}
