/**
 * IP addresses as text and as bytes: the form that STUN attributes carry (RFC 8489, 14.1) and the one canonical text
 * (dotted quad; RFC 5952 for IPv6) by which addresses are compared everywhere else.
 */

import ipaddr from 'ipaddr.js'

/** Four bytes of a dotted quad or sixteen of IPv6 (a zone is left out), or undefined when the text is neither. */
export const addressBytes = (text: string): Uint8Array<ArrayBuffer> | undefined => {
  // Only four decimal parts: `127.1` and `0x7f000001` are addresses to inet_aton, not to any of our grammars.
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return Uint8Array.from(ipaddr.IPv4.parse(text).toByteArray())
  if (!text.includes(':') || !ipaddr.IPv6.isValid(text)) return undefined
  return Uint8Array.from(ipaddr.IPv6.parse(text).toByteArray())
}

/** The canonical text of four or sixteen bytes; undefined for any other length. */
export const addressText = (bytes: Uint8Array): string | undefined => {
  if (bytes.length === 4) return new ipaddr.IPv4([...bytes]).toString()
  if (bytes.length === 16) return new ipaddr.IPv6([...bytes]).toRFC5952String()
  return undefined
}

/** The canonical text of an address, or undefined when `text` is none (a host name, an address with a zone). */
export const canonicalAddress = (text: string): string | undefined => {
  const bytes = text.includes('%') ? undefined : addressBytes(text)
  return bytes === undefined ? undefined : addressText(bytes)
}
