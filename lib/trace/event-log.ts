/** What happened, one JSON object a line (https://jsonlines.org): state changes, alerts, packets dropped and why. */

import { hex } from '../bytes/index.ts'
import type { TraceSink } from '../machine/index.ts'

const plain = (_name: string, value: unknown): unknown => {
  if (typeof value === 'bigint') return String(value)
  return value instanceof Uint8Array ? hex(value) : value
}

export interface EventLogOptions {
  /** Milliseconds since 1970 at the zero of the host's clock (`Host.timeOrigin`): added to each time. 0 by default. */
  readonly timeOrigin?: number
}

/**
 * @param write Takes each line with its line end: `{"time":12.5,"layer":"dtls","name":"state","state":"connected"}`. Times
 * are milliseconds; bytes are written in hexadecimal.
 */
export const eventLogSink = (write: (text: string) => void, options: EventLogOptions = {}): TraceSink => {
  const { timeOrigin = 0 } = options
  return {
    event: (layer, name, detail, now) => {
      const head = { time: timeOrigin + now, layer, name }
      // First, and not to be replaced by a detail of the same name.
      write(`${JSON.stringify({ ...head, ...detail, ...head }, plain)}\n`)
    },
  }
}
