/**
 * A session description as data (RFC 8866, section 5): session lines, then m-sections, each with its attributes.
 *
 * Attributes stand in the order in which they were read; those that `AttributeValues` names carry a typed value, all
 * others their text. Nothing here is checked for sense: that is jsep's.
 */

import type { AttributeName, AttributeValues } from './attributes/values.ts'

/** `o=`: who made the description, and which of their descriptions it is (5.2). */
export interface Origin {
  readonly username: string
  /** Decimal digits: may exceed what a number holds. */
  readonly sessionId: string
  readonly sessionVersion: string
  readonly networkType: string
  readonly addressType: string
  readonly address: string
}

/** `c=` (5.7). `address` includes the TTL and count of a multicast address, as they were written. */
export interface Connection {
  readonly networkType: string
  readonly addressType: string
  readonly address: string
}

/** `b=` (5.8), as `AS` in kilobits per second or `TIAS` in bits per second. */
export interface Bandwidth {
  readonly type: string
  readonly value: number
}

/** `t=` with what belongs to it (5.9 to 5.11). Start and stop are NTP seconds, in decimal digits. */
export interface Timing {
  readonly start: string
  readonly stop: string
  /** Values of `r=` lines. */
  readonly repeats: readonly string[]
  /** Value of the `z=` line. */
  readonly zone?: string
}

/** An attribute with a typed value. Flags (`a=rtcp-mux`) have the value `true`. */
export type TypedAttribute = {
  readonly [N in AttributeName]: { readonly name: N; readonly value: AttributeValues[N] }
}[AttributeName]

/** An attribute that is not read further: its name is `key`, its text `value`. */
export interface OtherAttribute {
  readonly name: 'other'
  readonly key: string
  readonly value?: string
}

export type Attribute = TypedAttribute | OtherAttribute

export interface MediaDescription {
  /** `audio`, `video`, `application`, ... */
  readonly kind: string
  readonly port: number
  /** The `/<number>` behind the port. */
  readonly portCount?: number
  /** As `UDP/TLS/RTP/SAVPF` or `UDP/DTLS/SCTP`. */
  readonly protocol: string
  /** Payload types, or `webrtc-datachannel`. */
  readonly formats: readonly string[]
  readonly title?: string
  readonly connections: readonly Connection[]
  readonly bandwidths: readonly Bandwidth[]
  /** The value of the obsolete `k=` line. */
  readonly key?: string
  readonly attributes: readonly Attribute[]
  /** Where the m-line was read, from 1; absent from a description that was made. */
  readonly line?: number
}

export interface SessionDescription {
  readonly origin: Origin
  readonly sessionName: string
  readonly information?: string
  readonly uri?: string
  readonly emails: readonly string[]
  readonly phones: readonly string[]
  readonly connection?: Connection
  readonly bandwidths: readonly Bandwidth[]
  /** At least one, unless the text was read with `anyOrder`. */
  readonly timings: readonly Timing[]
  readonly key?: string
  readonly attributes: readonly Attribute[]
  readonly media: readonly MediaDescription[]
}

/** What has attributes: a session or an m-section. */
export interface Section {
  readonly attributes: readonly Attribute[]
}

/** The value of the first attribute `name` of a section, or undefined. Flags are true when present. */
export const attribute = <N extends AttributeName>(section: Section, name: N): AttributeValues[N] | undefined => {
  for (const each of section.attributes) if (each.name === name) return each.value as AttributeValues[N]
  return undefined
}

/** The values of all attributes `name` of a section, in order. */
export const attributes = <N extends AttributeName>(section: Section, name: N): AttributeValues[N][] => {
  const values: AttributeValues[N][] = []
  for (const each of section.attributes) if (each.name === name) values.push(each.value as AttributeValues[N])
  return values
}

/** An attribute to put into a description. */
export const typed = <N extends AttributeName>(name: N, value: AttributeValues[N]): TypedAttribute =>
  ({ name, value }) as TypedAttribute
