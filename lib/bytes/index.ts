/** bytes: readers and writers over `Uint8Array`, packets with headroom, serial numbers, checksums, text encodings. */

export { compareBytes, concatBytes, equalBytes } from './compare.ts'
export { crc32, crc32c } from './crc.ts'
export { getU16, getU32, setU16, setU32 } from './field.ts'
export { HEADROOM, Packet, PacketPool, TAILROOM } from './packet.ts'
export { Reader } from './reader.ts'
export { add16, add32, after16, after32, diff16, diff32 } from './serial.ts'
export { base64, fromBase64, fromHex, fromStrictUtf8, fromUtf8, hex, utf8 } from './text.ts'
export * as wasm from './wasm-assembler.ts'
export { Writer } from './writer.ts'
