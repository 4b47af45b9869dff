/** A TURN server that browsers use too, who use loopback for nothing, and the ways to it. */

import { selectHostAddresses } from '../../lib/ice/index.ts'
import { host } from '../../lib/net/index.ts'
import { Coturn } from './drivers/coturn.ts'

/** This machine's address towards others; loopback's where it has none. */
export const address: string =
  selectHostAddresses(host.interfaces()).find(({ family }) => family === 4)?.address ?? '127.0.0.1'

export const startCoturn = (): Promise<Coturn> => Coturn.start({ address })

export type Way = 'udp' | 'tcp' | 'tls'

export const urlBy = (way: Way, { port, tlsPort }: Coturn): string =>
  way === 'tls' ? `turns:${address}:${tlsPort}` : `turn:${address}:${port}?transport=${way}`

/** The configuration of an end that uses relayed candidates alone. */
export const relayBy = (way: Way, coturn: Coturn): object => {
  const { username, password, ca } = coturn
  const server = { urls: urlBy(way, coturn), username, credential: password, ...(way === 'tls' && { ca }) }
  return { iceServers: [server], iceTransportPolicy: 'relay' }
}
