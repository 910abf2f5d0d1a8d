/**
 * Lines as they come.
 *
 * A connection that breaks is opened again and goes on behind the last line it gave: nothing is lost, nothing comes twice,
 * and what the server left out comes as a gap. Invariant: after `close` nothing is called any more. It keeps no lines.
 */
import { addressOf, Failure, renewed } from './client';
import type { Line } from './schema';

export type LiveState =
  | { name: 'connecting'; try: number }
  | { name: 'live' }
  | { name: 'paused' }
  /** Connects again at a time; `why` is a sentence. */
  | { name: 'broken'; why: string; againAt: number }
  /** Does not connect again by itself. */
  | { name: 'refused'; failure: Failure };

export interface Gap {
  from: number;
  to: number;
  count: number;
}

export interface Listener {
  lines(lines: Line[]): void;
  gap(gap: Gap): void;
  state(state: LiveState): void;
  /** How many wait behind a pause. */
  pending(count: number): void;
}

export interface LiveAsked {
  query?: string | undefined;
  /** Such as `now-15m`: begins in the past and runs into the present. */
  from?: string | undefined;
}

type Message =
  | { type: 'log'; seq: number; data: Line }
  | { type: 'log_batch'; last: number; data: Line[] }
  | ({ type: 'gap' } & Gap)
  | { type: 'paused'; pending: number }
  | { type: 'resumed' }
  | { type: 'caught_up'; seq: number }
  | { type: 'error'; code: string; message: string; details?: Record<string, unknown> }
  | { type: 'connection' | 'pong' | 'filters_updated' };

const PING_MS = 30_000;
const AGAIN_FIRST_MS = 500;
const AGAIN_MAX_MS = 15_000;

/** Codes after which the same would be refused again. */
const REFUSED = [1008, 4003];

export class Live {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private ping: ReturnType<typeof setInterval> | undefined;
  private last: number | null = null;
  private tries = 0;
  private isPaused = false;
  private isClosed = false;
  private said: Failure | null = null;

  constructor(
    private readonly asked: LiveAsked,
    private readonly listener: Listener,
    /** Where to go on; none for what comes from now on. */
    resume: number | null = null,
  ) {
    this.last = resume;
    this.connect();
  }

  pause() {
    this.isPaused = true;
    this.say({ type: 'pause' });
    this.listener.state({ name: 'paused' });
  }

  resume() {
    this.isPaused = false;
    if (!this.say({ type: 'resume' })) this.now();
  }

  /** Connects without waiting any longer. */
  now() {
    if (this.socket) return;
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

  private say(message: object): boolean {
    const isOpen = this.socket?.readyState === WebSocket.OPEN;
    if (isOpen) this.socket?.send(JSON.stringify(message));
    return isOpen;
  }

  private connect() {
    this.listener.state({ name: 'connecting', try: this.tries });
    const url = new URL(addressOf('GET /ws/logs/stream'));
    url.protocol = url.protocol.replace('http', 'ws');
    const { query, from } = this.asked;
    if (query) url.searchParams.set('query', query);
    if (this.last !== null) url.searchParams.set('resume', String(this.last));
    else if (from) url.searchParams.set('from', from);
    const socket = new WebSocket(url);
    this.socket = socket;
    socket.onopen = () => this.opened();
    socket.onmessage = ({ data }) =>
      this.socket === socket && this.hear(JSON.parse(data as string) as Message);
    socket.onclose = (event) => this.socket === socket && this.broke(event);
  }

  private opened() {
    this.tries = 0;
    this.listener.state({ name: this.isPaused ? 'paused' : 'live' });
    if (this.isPaused) this.say({ type: 'pause' });
    this.ping = setInterval(() => this.say({ type: 'ping' }), PING_MS);
  }

  private hear(message: Message) {
    switch (message.type) {
      case 'log':
        this.last = message.seq;
        return this.listener.lines([message.data]);
      case 'log_batch':
        this.last = message.last;
        return this.listener.lines(message.data);
      case 'gap':
        this.last = message.to;
        return this.listener.gap(message);
      case 'caught_up':
        this.last = message.seq;
        return;
      case 'paused':
        return this.listener.pending(message.pending);
      case 'resumed':
        return this.listener.state({ name: 'live' });
      case 'error':
        this.said = new Failure(400, message.code, message.message, message.details);
    }
  }

  private broke({ code, reason }: CloseEvent) {
    this.end();
    if (this.isClosed) return;
    const why = reason || 'the connection broke';
    if (REFUSED.includes(code)) {
      return this.listener.state({
        name: 'refused',
        failure: this.said ?? new Failure(code, 'refused', why),
      });
    }
    this.tries += 1;
    const wait = Math.min(AGAIN_FIRST_MS * 2 ** (this.tries - 1), AGAIN_MAX_MS) * (0.75 + Math.random() / 2);
    this.listener.state({ name: 'broken', why, againAt: Date.now() + wait });
    this.timer = setTimeout(() => void this.again(code), wait);
  }

  /** A login at its end is renewed first; without one the next answer of any request leads to the door. */
  private async again(code: number) {
    if (code === 4001 && !(await renewed().catch(() => true))) {
      this.listener.state({
        name: 'refused',
        failure: new Failure(
          401,
          'unauthorized',
          'Your login has ended. Log in again; this page stays as it is.',
        ),
      });
      return;
    }
    if (!this.isClosed) this.connect();
  }
}
