/** Stack traces: which rows of a text are frames, and whose. A text without frames is none. */

export type FrameKind = 'own' | 'library' | 'other';

export interface Frame {
  text: string;
  kind: FrameKind;
}

const FRAMES = [
  // Java, JavaScript, .NET, Rust
  /^\s+at \S/,
  /^\s*\.\.\. \d+ (more|common frames)/,
  // Python
  /^\s*File ".*", line \d+/,
  // Go
  /^\s+\S+\.go:\d+/,
  // Rust
  /^\s*\d+:\s+(0x[0-9a-f]+ - )?\S+/,
  // Ruby
  /^\s*(from )?\S+\.rb:\d+:in /,
  // PHP
  /^#\d+ \S/,
];

const LIBRARIES =
  /node_modules|node:internal|\(internal\/|site-packages|dist-packages|\/usr\/lib\/|\/lib\/python|\/usr\/local\/(go|lib)\/|\/rustc\/|\.cargo\/registry|\/vendor\/|\/gems\/|\bat (java|javax|jdk|sun|com\.sun|jakarta|kotlin|kotlinx|scala|org\.(springframework|apache|hibernate|eclipse|junit)|io\.(netty|grpc|micrometer)|reactor|System|Microsoft)\.|\b(core|std|alloc|tokio|hyper|axum|tower)::|^\s*\.\.\. \d+/;

/** Of a text with at least two frames; else `null`. */
export function framesOf(text: string): Frame[] | null {
  if (!text.includes('\n')) return null;
  let count = 0;
  let before: FrameKind = 'other';
  const frames = text.split('\n').map((row): Frame => {
    const isFrame = FRAMES.some((form) => form.test(row));
    count += isFrame ? 1 : 0;
    // Below the place of a frame, Python shows its code, and Rust its file.
    const belongs = !isFrame && before !== 'other' && /^\s{4,}\S/.test(row);
    const kind = isFrame ? (LIBRARIES.test(row) ? 'library' : 'own') : belongs ? before : 'other';
    before = kind;
    return { text: row, kind };
  });
  return count >= 2 ? frames : null;
}
