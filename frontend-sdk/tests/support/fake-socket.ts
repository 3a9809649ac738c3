import type { ClientFrame, ServerFrame } from '../../src/types';
import type { FakeServer } from './fake-server';

/** A WebSocket whose other end is a `FakeServer`. Everything arrives a tick later, as from a network. */
export class FakeSocket {
  readyState = 0;
  greeted = false;
  readonly sent: ClientFrame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;

  constructor(
    private readonly server: FakeServer,
    readonly url: string,
    readonly protocols: string[],
  ) {
    server.sockets.push(this);
    setTimeout(() => {
      this.readyState = 1;
      this.onopen?.();
    });
  }

  send(data: string): void {
    const frame = JSON.parse(data);
    this.sent.push(frame);
    setTimeout(() => this.readyState === 1 && this.server.receive(this, frame));
  }

  push(frame: ServerFrame): void {
    const data = JSON.stringify(frame);
    setTimeout(() => this.readyState === 1 && this.onmessage?.({ data }));
  }

  /** The client's end. */
  close(): void {
    this.readyState = 3;
  }

  /** The server's end, or the network's. */
  cut(code = 1006, reason = ''): void {
    this.readyState = 3;
    this.onclose?.({ code, reason });
  }

  ofType<T extends ClientFrame['type']>(type: T): Extract<ClientFrame, { type: T }>[] {
    return this.sent.filter((frame) => frame.type === type) as never;
  }
}
