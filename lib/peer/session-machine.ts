/** The session as its connection drives it: it is known when it is at work, so that nothing pulls it away meanwhile. */

import type { FlushingMachine } from '../machine/index.ts'
import type { Session } from '../session/index.ts'

export class SessionMachine implements FlushingMachine {
  readonly #session: Session
  readonly #flushed: () => void
  /** The session is inside one of its methods: a callback of the application's (a trace) may be what closes us. */
  working = false

  /** @param flushed Called before each flush. */
  constructor(session: Session, flushed: () => void) {
    this.#session = session
    this.#flushed = flushed
  }

  get deadline(): number {
    return this.#session.deadline
  }

  advance(now: number): void {
    this.working = true
    try {
      this.#session.advance(now)
    } finally {
      this.working = false
    }
  }

  flush(now: number): void {
    this.#flushed()
    this.working = true
    try {
      this.#session.flush(now)
    } finally {
      this.working = false
    }
  }

  receive(packet: Uint8Array, socket: number, address: string, port: number, now: number): void {
    this.working = true
    try {
      this.#session.receive(packet, socket, address, port, now)
    } finally {
      this.working = false
    }
  }
}
