/**
 * Lines as they come.
 *
 * A connection that breaks is opened again and goes on behind the last line it gave: nothing is lost, nothing comes twice,
 * and what the server left out comes as a gap. Invariant: after `close` nothing is called any more. It keeps no lines.
 */
import type { Line } from './schema';
import { Socket, type SocketState } from './socket';

export interface Gap {
  from: number;
  to: number;
  count: number;
}

export interface Listener {
  lines(lines: Line[]): void;
  gap(gap: Gap): void;
  state(state: SocketState): void;
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
  | { type: 'caught_up'; seq: number }
  | { type: 'connection' | 'pong' };

export class Live {
  private readonly socket: Socket<Message>;

  constructor(
    asked: LiveAsked,
    private readonly listener: Listener,
    /** Where to go on; none for what comes from now on. */
    private last: number | null = null,
  ) {
    this.socket = new Socket<Message>({
      route: 'GET /ws/logs/stream',
      query: () => ({
        query: asked.query,
        ...(this.last === null ? { from: asked.from } : { resume: String(this.last) }),
      }),
      hear: (message) => this.hear(message),
      state: (state) => listener.state(state),
    });
  }

  now() {
    this.socket.now();
  }

  close() {
    this.socket.close();
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
    }
  }
}
