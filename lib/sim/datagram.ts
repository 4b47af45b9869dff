/** What crosses a simulated network: a UDP datagram or a TCP segment, with the addresses of its IP header. */

/** The control bits and numbers of a TCP segment (RFC 9293, section 3.1). Its data is the `bytes` of the datagram. */
export interface Segment {
  readonly syn: boolean
  readonly ack: boolean
  readonly fin: boolean
  readonly rst: boolean
  /** Of the first byte of data, or of SYN. Not cut to 32 bits: a simulated stream never wraps. */
  readonly sequence: number
  /** What is expected next; 0 without `ack`. */
  readonly acknowledgement: number
}

/** A datagram on the simulated network. Its bytes are its own. */
export interface Datagram {
  readonly protocol: 'udp' | 'tcp'
  readonly from: string
  readonly fromPort: number
  readonly to: string
  readonly toPort: number
  readonly bytes: Uint8Array
  /** With `tcp` only. */
  readonly segment?: Segment
}

export const familyOf = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)
export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.')
export const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::'

/** 224.0.0.0/4 (RFC 5771) or ff00::/8 (RFC 4291, section 2.7). */
export const isMulticast = (address: string): boolean => {
  if (familyOf(address) === 6) return /^ff[0-9a-f]{2}:/.test(address)
  const first = Number.parseInt(address, 10)
  return first >= 224 && first < 240
}

/** An address and a port as one text, IPv6 in brackets. */
export const formatEndpoint = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`

/** The parts of `10.0.0.1:5000` or `[fd00::1]:5000`. Throws a RangeError for anything else. */
export const parseEndpoint = (text: string): { address: string; port: number } => {
  const parts = /^(?:\[([0-9a-f:.]+)\]|([0-9.]+)):(\d{1,5})$/i.exec(text)
  if (parts === null) throw new RangeError(`not an address and port: ${text}`)
  return { address: parts[1] ?? parts[2]!, port: Number(parts[3]) }
}

/** Bytes of the IP header and the UDP or TCP header. */
export const headerLength = ({ to, protocol }: Datagram): number =>
  (familyOf(to) === 6 ? 40 : 20) + (protocol === 'tcp' ? 20 : 8)
