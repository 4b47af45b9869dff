/**
 * The process's end of the file channel: sends each piece of a file back as it comes, and at the end the SHA-256 of
 * what came.
 *
 * The page begins with `{ name, size }` as text, then sends `size` bytes; the answer to the last of them is
 * `{ sha256, ms }`.
 */

import { createHash, type Hash } from 'node:crypto'
import type { RTCDataChannel } from 'purertc'

export const serveFiles = (channel: RTCDataChannel): void => {
  let file: { left: number; readonly hash: Hash; readonly began: number } | undefined

  const finish = (): void => {
    if (file === undefined) return
    channel.send(JSON.stringify({ sha256: file.hash.digest('hex'), ms: performance.now() - file.began }))
    file = undefined
  }

  channel.binaryType = 'arraybuffer'
  channel.onmessage = ({ data }) => {
    if (typeof data === 'string') {
      const { size } = JSON.parse(data) as { size?: number }
      file = { left: Number(size) || 0, hash: createHash('sha256'), began: performance.now() }
      if (file.left === 0) finish()
      return
    }
    if (file === undefined) return
    const piece = new Uint8Array(data as ArrayBuffer)
    file.hash.update(piece)
    file.left -= piece.length
    channel.send(piece)
    if (file.left <= 0) finish()
  }
}
