/** Functions that stay the same ones while what they do changes, so that what is given them is not drawn anew. */
import { useRef, useState } from 'react';

type Given = (...given: never[]) => unknown;

export function useSteady<T extends { [K in keyof T]: Given }>(functions: T): T {
  const latest = useRef(functions);
  latest.current = functions;
  const [steady] = useState(() => {
    const names = Object.keys(functions) as (keyof T)[];
    return Object.fromEntries(
      names.map((name) => [name, (...given: never[]) => latest.current[name](...given)]),
    ) as T;
  });
  return steady;
}
