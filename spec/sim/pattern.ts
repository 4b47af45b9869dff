/** Bytes to send. */

/** `length` bytes that differ from message to message. */
export const pattern = (length: number, salt: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + salt * 17 + (i >>> 8)) & 0xff
  return bytes
}
