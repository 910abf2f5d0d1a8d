/**
 * Waits until nobody is in the middle of typing. Invariant: what waits is done once, and never after `end`; keys that are
 * on their way go where they were meant to.
 */

const PAUSE_MS = 800;

export class Pause {
  private typedAt = Number.NEGATIVE_INFINITY;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    document.addEventListener('keydown', this.hear, true);
  }

  after(does: () => void) {
    if (this.timer !== undefined) return;
    const look = () => {
      const left = this.typedAt + PAUSE_MS - performance.now();
      this.timer = left > 0 ? setTimeout(look, left) : undefined;
      if (left <= 0) does();
    };
    look();
  }

  end() {
    clearTimeout(this.timer);
    document.removeEventListener('keydown', this.hear, true);
  }

  /** Enter ends what is typed. */
  private hear = ({ key, target }: KeyboardEvent) => {
    const isTyped = key !== 'Enter' && target instanceof Element && target.matches('input, textarea');
    this.typedAt = isTyped ? performance.now() : Number.NEGATIVE_INFINITY;
  };
}
