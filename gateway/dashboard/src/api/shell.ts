/** Text as a shell of the Bourne kind takes it: nothing in single quotes means anything but itself. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
