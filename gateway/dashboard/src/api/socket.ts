/**
 * A connection that is opened again whenever it breaks.
 *
 * Invariant: after `close` nothing is called any more. It knows what a ping and an error are; what else is said is of others.
 */
import { addressOf, Failure, type Route, renewed } from './client';

export type SocketState =
  | { name: 'connecting'; try: number }
  | { name: 'live' }
  /** Connects again at a time; `why` is a sentence. */
  | { name: 'broken'; why: string; againAt: number }
  /** Does not connect again by itself. */
  | { name: 'refused'; failure: Failure };

export interface Ears<M> {
  route: Route;
  /** What is asked for, each time anew. */
  query?(): Record<string, string | undefined>;
  /** What is said first. */
  greeting?: object;
  hear(message: M): void;
  state?(state: SocketState): void;
}

interface Refusal {
  type: 'error';
  code: string;
  message: string;
  details?: Record<string, unknown>;
}

const PING_MS = 30_000;
const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 15_000;
/** Of a login that has ended. */
const UNAUTHORIZED = 4001;
/** Codes after which the same would be refused again. */
const REFUSED = [1008, 4003];

export class Socket<M extends { type: string }> {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setInterval> | undefined;
  private tries = 0;
  private isClosed = false;
  private said: Failure | null = null;

  constructor(private readonly ears: Ears<M>) {
    this.connect();
  }

  /** Connects without waiting any longer. */
  now() {
    if (this.socket || this.isClosed) return;
    clearTimeout(this.timer);
    this.connect();
  }

  close() {
    this.isClosed = true;
    this.end();
  }

  private end() {
    clearTimeout(this.timer);
    clearInterval(this.ping);
    const socket = this.socket;
    this.socket = null;
    socket?.close(1000);
  }

  private say(message: object) {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private tell(state: SocketState) {
    this.ears.state?.(state);
  }

  private connect() {
    this.tell({ name: 'connecting', try: this.tries });
    const url = new URL(addressOf(this.ears.route, { query: this.ears.query?.() ?? {} }));
    url.protocol = url.protocol.replace('http', 'ws');
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => this.socket === socket && this.opened();
    socket.onmessage = ({ data }) => this.socket === socket && this.hear(JSON.parse(data as string));
    socket.onclose = (event) => this.socket === socket && this.broke(event);
  }

  private opened() {
    this.tries = 0;
    this.tell({ name: 'live' });
    if (this.ears.greeting) this.say(this.ears.greeting);
    this.ping = setInterval(() => this.say({ type: 'ping' }), PING_MS);
  }

  private hear(message: M | Refusal) {
    if (message.type !== 'error') return this.ears.hear(message as M);
    const { code, message: text, details } = message as Refusal;
    this.said = new Failure(400, code, text, details);
  }

  private broke({ code, reason }: CloseEvent) {
    this.end();
    const why = reason || 'the connection broke';
    if (REFUSED.includes(code)) {
      return this.tell({ name: 'refused', failure: this.said ?? new Failure(code, 'refused', why) });
    }
    this.tries += 1;
    const wait = Math.min(AGAIN_FIRST_MS * 2 ** (this.tries - 1), AGAIN_MAX_MS) * (0.75 + Math.random() / 2);
    this.tell({ name: 'broken', why, againAt: Date.now() + wait });
    this.timer = setTimeout(() => void this.again(code), wait);
  }

  /** A login at its end is renewed first; without one the next answer of any request leads to the door. */
  private async again(code: number) {
    const isEnded = code === UNAUTHORIZED && !(await renewed().catch(() => true));
    if (this.isClosed) return;
    if (!isEnded) return this.connect();
    const why = 'Your login has ended. Log in again; this page stays as it is.';
    this.tell({ name: 'refused', failure: new Failure(401, 'unauthorized', why) });
  }
}
