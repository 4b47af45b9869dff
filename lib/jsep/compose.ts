/** Puts together the descriptions that we make: the session's lines and the m-sections (RFC 9429, 5.2.1 and 5.3.1). */

import { type Random, randomBytes } from '../machine/index.ts'
import {
  type Attribute,
  type FingerprintValue,
  formatSdp,
  type MediaDescription,
  type Setup,
  typed,
} from '../sdp/index.ts'
import type { LocalTransport } from './applied.ts'
import { type DataForm, formatsOf, sctpAttributes } from './data-section.ts'
import { candidateAttributes, defaultDestination, transportAttributes, trickledOf } from './transport-attributes.ts'

/**
 * What we do: candidates may come later (RFC 8840), checks are by RFC 8445 (its section 10), and another pair may be
 * nominated without a restart (draft-thatcher-ice-renomination).
 */
const ICE_OPTIONS: readonly string[] = ['trickle', 'ice2', 'renomination']

/** A transport as the m-section that carries it shows it. */
export interface CarriedTransport {
  readonly transport: LocalTransport
  /** The INIT chunk to show, if one is to be shown. */
  readonly init?: Uint8Array | undefined
  /** Bytes of UDP payload to announce, if any are. */
  readonly largestDatagram?: number | undefined
  readonly fingerprints: readonly FingerprintValue[]
  readonly setup: Setup
}

/** A data m-section that carries its transport. */
export const dataSection = (
  mid: string | undefined,
  form: DataForm,
  maxMessageSize: number,
  { transport, fingerprints, setup, init, largestDatagram: size }: CarriedTransport,
  as: 'own' | 'shared' | 'bundle-only' = 'own',
): MediaDescription => {
  const trickled = trickledOf(transport)
  const { port, connection } = defaultDestination(trickled.candidates)
  const attributes = transportAttributes(transport, fingerprints, setup)
  if (as === 'bundle-only') attributes.unshift(typed('bundle-only', true))
  if (mid !== undefined) attributes.push(typed('mid', mid))
  const { usernameFragment } = transport
  const largestDatagram = size === undefined ? undefined : `${size} ${usernameFragment}`
  attributes.push(...sctpAttributes(form, maxMessageSize, { init, largestDatagram }))
  if (as === 'own') attributes.push(...candidateAttributes(trickled))
  const { protocol } = form
  const formats = formatsOf(form)
  return {
    kind: 'application',
    port: as === 'bundle-only' ? 0 : port,
    protocol,
    formats,
    connections: [connection],
    bandwidths: [],
    attributes,
  }
}

/** An m-section that is refused: port 0, the rest as it was offered (RFC 3264, 6). */
export const rejectedSection = ({ kind, protocol, formats }: MediaDescription, mid?: string): MediaDescription => ({
  kind,
  port: 0,
  protocol,
  formats,
  connections: [{ networkType: 'IN', addressType: 'IP4', address: '0.0.0.0' }],
  bandwidths: [],
  attributes: [
    ...(mid === undefined ? [] : [typed('mid', mid)]),
    ...(kind === 'application' ? [] : [typed('inactive', true)]),
  ],
})

/** The identity that all descriptions of a negotiation share, and the version that tells them apart. */
export class Composer {
  /** 63 random bits, so that it is positive as a signed number too (RFC 9429, 5.2.1). */
  readonly #sessionId: string
  readonly #iceLite: boolean
  #version = 0
  #last: string | undefined

  constructor(random: Random, iceLite: boolean) {
    this.#iceLite = iceLite
    const bytes = randomBytes(random, 8)
    let id = 0n
    for (const byte of bytes) id = (id << 8n) | BigInt(byte)
    this.#sessionId = String(id & 0x7fff_ffff_ffff_ffffn)
  }

  /**
   * The text of a description. `<sess-version>` goes up whenever the text differs from the one made before, applied or
   * not (RFC 9429, 5.2.2).
   */
  compose(
    media: readonly MediaDescription[],
    bundles: readonly (readonly string[])[],
    offered?: { readonly iceOptions: readonly string[]; readonly mixedExtensions: boolean },
  ): string {
    // An answer names only what was offered (RFC 9429, 5.3.1).
    const options = ICE_OPTIONS.filter(option => offered?.iceOptions.includes(option) ?? true)
    const isMixed = offered?.mixedExtensions ?? true
    const attributes: Attribute[] = bundles.map(mids => typed('group', { semantics: 'BUNDLE', mids }))
    if (this.#iceLite) attributes.push(typed('ice-lite', true))
    if (options.length > 0) attributes.push(typed('ice-options', options))
    if (isMixed && media.some(({ attributes: own }) => own.some(({ name }) => name === 'rtpmap'))) {
      attributes.push(typed('extmap-allow-mixed', true))
    }
    if (this.#format(this.#version, attributes, media) !== this.#last) this.#version++
    this.#last = this.#format(this.#version, attributes, media)
    return this.#last
  }

  #format(version: number, attributes: readonly Attribute[], media: readonly MediaDescription[]): string {
    return formatSdp({
      origin: {
        username: '-',
        sessionId: this.#sessionId,
        sessionVersion: String(version),
        networkType: 'IN',
        addressType: 'IP4',
        address: '0.0.0.0',
      },
      sessionName: '-',
      emails: [],
      phones: [],
      bandwidths: [],
      timings: [{ start: '0', stop: '0', repeats: [] }],
      attributes,
      media,
    })
  }
}
