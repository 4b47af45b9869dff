/** What is wrong with a text that should have been a session description, and in which line (RFC 8866, section 9). */

export type SdpErrorCode =
  /** The text is longer, or has more lines or m-sections, than is read here. */
  | 'too-large'
  /** A line is not `<type>=<value>`, or has characters that no line may have. */
  | 'line'
  /** A line stands where its type may not, or a mandatory line is missing. */
  | 'order'
  /** The value of a line other than an attribute is malformed. */
  | 'value'
  /** The name of an attribute, or the value of one that is known here, is malformed. */
  | 'attribute'

export class SdpError extends Error {
  override readonly name = 'SdpError'

  constructor(
    readonly code: SdpErrorCode,
    message: string,
    /** The line at fault, from 1. For something missing: the line that stands in its place. */
    readonly line: number,
  ) {
    super(`line ${line}: ${message}`)
  }
}
