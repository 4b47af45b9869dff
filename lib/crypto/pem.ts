/**
 * PEM, the text form of certificates and keys (RFC 7468).
 *
 * Read leniently in what surrounds a block (any line ends, white space, text before, between and after, blocks of other
 * kinds), strictly in the block that is wanted. Time and memory grow with the text alone, and that is bounded.
 */

import { base64, fromBase64 } from '../bytes/index.ts'

/** A long chain with its key takes some tens of thousands of characters. */
export const MAX_PEM_LENGTH = 1_048_576

const LINE_LENGTH = 64
const BEGIN = '-----BEGIN '
const END = '-----END '
const DASHES = '-----'
const ENCRYPTED = /^Proc-Type: *4 *, *ENCRYPTED$/

export interface PemBlock {
  /** As `CERTIFICATE`. */
  readonly label: string
  /** Whether it is encrypted in the way before PKCS #8 (RFC 1421, 4.6.1.1). */
  readonly isEncrypted: boolean
  /** The content still in base64, without white space. Undefined when the block has no end of its own. */
  readonly text: string | undefined
}

const isBoundary = (line: string, start: string): boolean =>
  line.startsWith(start) && line.endsWith(DASHES) && line.length > start.length + DASHES.length

const labelOf = (line: string, start: string): string => line.slice(start.length, -DASHES.length)

/** The blocks of a text, in their order. None when it is longer than `MAX_PEM_LENGTH`. */
export const readPem = (text: string): PemBlock[] => {
  const blocks: PemBlock[] = []
  if (text.length > MAX_PEM_LENGTH) return blocks
  let label: string | undefined
  let isEncrypted = false
  let content: string[] = []
  const finish = (isWhole: boolean): void => {
    if (label !== undefined) blocks.push({ label, isEncrypted, text: isWhole ? content.join('') : undefined })
    label = undefined
    content = []
  }
  for (const whole of text.split(/[\r\n]+/)) {
    const line = whole.trim()
    if (isBoundary(line, BEGIN)) {
      finish(false)
      isEncrypted = false
      label = labelOf(line, BEGIN)
    } else if (label !== undefined && isBoundary(line, END)) finish(labelOf(line, END) === label)
    // Headers stand before the content, of which no digit is a colon.
    else if (content.length === 0 && line.includes(':')) isEncrypted ||= ENCRYPTED.test(line)
    else if (label !== undefined && line !== '') content.push(line.replace(/\s+/g, ''))
  }
  finish(false)
  return blocks
}

/** The bytes of a block, or undefined when it is cut off, empty, or not base64 as it must be written (RFC 4648, 4). */
export const pemBytes = ({ text, isEncrypted }: PemBlock): Uint8Array | undefined => {
  if (text === undefined || text === '' || isEncrypted) return undefined
  const bytes = fromBase64(text)
  return bytes !== undefined && base64(bytes) === text ? bytes : undefined
}

/** A block as RFC 7468, 2 has it: lines of 64 characters, each with a line feed. */
export const writePem = (label: string, bytes: Uint8Array): string => {
  const text = base64(bytes)
  const lines: string[] = []
  for (let at = 0; at < text.length; at += LINE_LENGTH) lines.push(text.slice(at, at + LINE_LENGTH))
  return `${BEGIN}${label}${DASHES}\n${lines.join('\n')}\n${END}${label}${DASHES}\n`
}
