/**
 * The two cyclic redundancy checks of WebRTC: CRC-32 (ISO 3309, in STUN's FINGERPRINT, RFC 8489 14.7) and CRC-32C
 * (Castagnoli, in the SCTP common header, RFC 9260 appendix A).
 *
 * CRC-32C runs over every SCTP packet, so it slices by eight: eight tables, eight bytes a step. Where many packets of some
 * length come, a kernel in WebAssembly takes them.
 */

import { CRC_KERNEL_LIMIT, type CrcKernel, crcKernel } from './crc32c-kernel.ts'

const table = (polynomial: number): Uint32Array => {
  const entries = new Uint32Array(256)
  for (let i = 0; i < 256; i++) {
    let c = i
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1
    entries[i] = c
  }
  return entries
}

const CRC32 = table(0xedb88320)

/** Eight tables of 256, in one array: entry `256 * k + b` is byte `b` followed by `k` zero bytes. */
const CRC32C = new Uint32Array(8 * 256)
CRC32C.set(table(0x82f63b78))
for (let i = 256; i < CRC32C.length; i++) {
  const previous = CRC32C[i - 256]!
  CRC32C[i] = (previous >>> 8) ^ CRC32C[previous & 0xff]!
}

/** CRC-32 of `bytes[start, end)`, as an unsigned number. */
export const crc32 = (bytes: Uint8Array, start = 0, end = bytes.length): number => {
  let crc = 0xffffffff
  for (let i = start; i < end; i++) crc = (crc >>> 8) ^ CRC32[(crc ^ bytes[i]!) & 0xff]!
  return ~crc >>> 0
}

/** Below so many bytes it is not worth the way into the kernel's memory. */
const KERNEL_LEAST = 128
/** So many inputs of that length are waited for: to make the kernel takes as long as some hundred. */
const KERNEL_AFTER = 64

let kernel: CrcKernel | undefined
let inputs = 0

/** CRC-32C of `bytes[start, end)`, as an unsigned number (SCTP writes it in little-endian order). */
export const crc32c = (bytes: Uint8Array, start = 0, end = bytes.length): number => {
  const length = end - start
  if (length >= KERNEL_LEAST && length <= CRC_KERNEL_LIMIT) {
    if (kernel !== undefined) return kernel.take(bytes, start, end) >>> 0
    if (++inputs === KERNEL_AFTER) kernel = crcKernel(CRC32C.subarray(0, 256))
  }
  return sliced(bytes, start, end)
}

const sliced = (bytes: Uint8Array, start: number, end: number): number => {
  const t = CRC32C
  let crc = -1
  let i = start
  for (; i + 8 <= end; i += 8) {
    const low = crc ^ (bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24))
    crc =
      t[1792 + (low & 0xff)]! ^
      t[1536 + ((low >>> 8) & 0xff)]! ^
      t[1280 + ((low >>> 16) & 0xff)]! ^
      t[1024 + (low >>> 24)]! ^
      t[768 + bytes[i + 4]!]! ^
      t[512 + bytes[i + 5]!]! ^
      t[256 + bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ t[(crc ^ bytes[i]!) & 0xff]!
  return ~crc >>> 0
}
