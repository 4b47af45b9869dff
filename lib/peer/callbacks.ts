/**
 * Callbacks of the application that the session calls from within: trace, key log, the judgement of a certificate.
 *
 * An application may do there whatever it may do elsewhere, `close()` included, and may throw: the session does not see it,
 * it is reported as an uncaught error, as that of an event listener is.
 */

import type { Host, TraceSink } from '../machine/index.ts'
import type { Configuration } from './configuration.ts'

export class Callbacks {
  /** The application is inside one of its callbacks, and so the session inside one of its methods. */
  running = false
  readonly #host: Host

  constructor(host: Host) {
    this.#host = host
  }

  /** Calls the application. Returns undefined when it throws. */
  call<T>(callback: () => T): T | undefined {
    const outer = this.running
    this.running = true
    try {
      return callback()
    } catch (error) {
      this.#host.queueTask(() => {
        throw error
      })
      return undefined
    } finally {
      this.running = outer
    }
  }

  /** What the session is to tell: the configuration's `trace`, and key log lines to all who want them. */
  trace({ trace = {}, keyLog }: Pick<Configuration, 'trace' | 'keyLog'>): TraceSink | undefined {
    const sink: { -readonly [name in keyof TraceSink]: TraceSink[name] } = {}
    // A layer makes nothing up for a sink that is not there: the absence must show.
    if (trace.packet) sink.packet = (...details) => this.call(() => trace.packet?.(...details))
    if (trace.event) sink.event = (...details) => this.call(() => trace.event?.(...details))
    const platform = this.#host.keyLog
    if (trace.keyLog || keyLog || platform) {
      sink.keyLog = line => {
        platform?.(line)
        this.call(() => trace.keyLog?.(line))
        this.call(() => keyLog?.(line))
      }
    }
    return Object.keys(sink).length > 0 ? sink : undefined
  }

  /** Whether a certificate, in DER, is the peer's, though its description does not announce it. */
  accepts(accept: (certificate: ArrayBuffer) => boolean): (der: Uint8Array) => boolean {
    // A promise is no answer: who returns one has not read that the handshake waits for nobody.
    return der => this.call(() => accept(new Uint8Array(der).buffer)) === true
  }
}
