/**
 * The process's end of the throughput channel: sends as many bytes as the page asks for, or counts what the page sends.
 *
 * Text messages are JSON: `{ download: bytes }`, `{ upload: bytes }`, `{ stop: true }` from the page; `{ received, ms }`
 * and `{ sent }` from here. Everything else is the data itself.
 */

import type { RTCDataChannel } from 'purertc'

const CHUNK = new Uint8Array(64 << 10).map((_, i) => i * 7)
/** Bytes handed to the channel ahead of what has left it: enough to keep it busy, and no more. */
const AHEAD = 4 << 20
const LARGEST = 4 * 2 ** 30
const REPORT_EVERY = 100

export const serveBulk = (channel: RTCDataChannel): void => {
  let left = 0
  let upload: { readonly bytes: number; received: number; began: number; reported: number } | undefined

  const fill = (): void => {
    while (left > 0 && channel.readyState === 'open' && channel.bufferedAmount < AHEAD) {
      const size = Math.min(left, CHUNK.length)
      channel.send(size === CHUNK.length ? CHUNK : CHUNK.subarray(0, size))
      left -= size
      if (left === 0) channel.send(JSON.stringify({ sent: true }))
    }
  }

  const count = (bytes: number): void => {
    if (upload === undefined) return
    const now = performance.now()
    if (upload.received === 0) upload.began = now
    upload.received += bytes
    const done = upload.received >= upload.bytes
    if (!done && now - upload.reported < REPORT_EVERY) return
    upload.reported = now
    channel.send(JSON.stringify({ received: upload.received, ms: now - upload.began }))
    if (done) upload = undefined
  }

  channel.binaryType = 'arraybuffer'
  channel.bufferedAmountLowThreshold = AHEAD / 2
  channel.onbufferedamountlow = fill
  channel.onclose = () => {
    left = 0
  }
  channel.onmessage = ({ data }) => {
    if (typeof data !== 'string') return count((data as ArrayBuffer).byteLength)
    const order = JSON.parse(data) as { download?: number; upload?: number; stop?: boolean }
    if (order.stop) {
      left = 0
      upload = undefined
    } else if (typeof order.upload === 'number') {
      upload = { bytes: Math.min(order.upload, LARGEST), received: 0, began: 0, reported: 0 }
    } else if (typeof order.download === 'number' && left === 0) {
      left = Math.min(order.download, LARGEST)
      fill()
    }
  }
}
