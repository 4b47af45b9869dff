/**
 * Identifiers of tracks and streams (mediacapture-main, 4.2 and 4.3): unique beyond the process, since they go to the peer in
 * `a=msid`. An application makes these objects without any connection, and so without a Host to ask for randomness: this
 * one file asks the platform, by the name that Web Cryptography gives it.
 */

/** A UUID in its 36 characters (RFC 9562, version 4). */
export const createIdentifier = (): string => crypto.randomUUID()
