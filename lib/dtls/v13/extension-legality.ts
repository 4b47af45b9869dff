/**
 * Which extensions a peer's message of DTLS 1.3 may have (RFC 8446, 4.2). What nothing here knows is skipped in a
 * request, and is an error in a response, because it cannot have been asked for.
 */

import { Alert, violation } from '../error.ts'
import { type Extensions, ExtensionType } from '../extension.ts'

/** The messages that answer an extension of ClientHello or CertificateRequest. */
export type Response = 'ServerHello' | 'HelloRetryRequest' | 'EncryptedExtensions' | 'Certificate'

type Place = Response | 'CertificateRequest'

/** Where those may be that we know, apart from the ClientHello, which may have them all. None: DTLS 1.2 alone has them. */
const PLACES: Readonly<Record<keyof typeof ExtensionType, readonly Place[]>> = {
  supportedGroups: ['EncryptedExtensions'],
  ecPointFormats: [],
  signatureAlgorithms: ['CertificateRequest'],
  useSrtp: ['EncryptedExtensions'],
  encryptThenMac: [],
  extendedMasterSecret: [],
  supportedVersions: ['ServerHello', 'HelloRetryRequest'],
  cookie: ['HelloRetryRequest'],
  keyShare: ['ServerHello', 'HelloRetryRequest'],
  renegotiationInfo: [],
}

const placesByNumber: ReadonlyMap<number, readonly Place[]> = new Map(
  Object.entries(PLACES).map(([name, places]) => [ExtensionType[name as keyof typeof ExtensionType], places]),
)

const checkPlace = (type: number, place: Place): void => {
  if (placesByNumber.get(type)?.includes(place) === false) {
    throw violation(Alert.illegalParameter, `extension ${type} does not belong into ${place}`)
  }
}

/** The extensions of a CertificateRequest. Throws a `DtlsError` with `illegal_parameter`. */
export const checkRequestedExtensions = (extensions: Extensions): void => {
  for (const type of extensions.keys()) checkPlace(type, 'CertificateRequest')
}

/**
 * The extensions of a message that answers ours.
 * @param offered What our ClientHello had, or the CertificateRequest that a client's Certificate answers.
 * Throws a `DtlsError` with `unsupported_extension` or `illegal_parameter`.
 */
export const checkAnsweredExtensions = (
  extensions: Extensions,
  response: Response,
  offered: { has(type: number): boolean },
): void => {
  for (const type of extensions.keys()) {
    // A cookie is the one thing that a server may begin with.
    const unasked = type === ExtensionType.cookie && response === 'HelloRetryRequest'
    if (!unasked && !offered.has(type)) {
      throw violation(Alert.unsupportedExtension, `${response} answers extension ${type}, which was not offered`)
    }
    checkPlace(type, response)
  }
}
