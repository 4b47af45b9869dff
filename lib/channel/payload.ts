/**
 * What a payload protocol identifier says of a message (RFC 8831 8): text or bytes. SCTP has no empty messages, so an
 * empty one is a single zero byte under an identifier of its own (6.6).
 */

export const PPID = {
  DCEP: 50,
  STRING: 51,
  BINARY: 53,
  STRING_EMPTY: 56,
  BINARY_EMPTY: 57,
} as const

/** What is sent for a message without bytes. */
export const EMPTY_PAYLOAD = new Uint8Array(1)

export const payloadIdentifier = (text: boolean, empty: boolean): number => {
  if (text) return empty ? PPID.STRING_EMPTY : PPID.STRING
  return empty ? PPID.BINARY_EMPTY : PPID.BINARY
}

export const isText = (ppid: number): boolean => ppid === PPID.STRING || ppid === PPID.STRING_EMPTY

export const isEmpty = (ppid: number): boolean => ppid === PPID.STRING_EMPTY || ppid === PPID.BINARY_EMPTY

/** Whether it is a user message of a data channel; the deprecated partial ones (52, 54) are not. */
export const isUserMessage = (ppid: number): boolean => isText(ppid) || isEmpty(ppid) || ppid === PPID.BINARY

/** An empty message is no part of `bufferedAmount`: its byte is not the application's. */
export const EMPTY_POLICY = { owned: true, counted: false } as const

/** How messages of DCEP are sent: reliable, in order, and no part of `bufferedAmount`. */
export const DCEP_POLICY = { owned: true, counted: false } as const
