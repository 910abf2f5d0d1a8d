/** Lines that came, as a short list. Invariant: a line is there once, and the newest arrival stands first. */

export function newest<L extends { id: string }>(before: readonly L[], came: readonly L[], max: number): L[] {
  const all = [...[...came].reverse(), ...before];
  return [...new Map([...all].reverse().map((line) => [line.id, line])).values()].reverse().slice(0, max);
}
