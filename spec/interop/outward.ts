/** A TURN server that browsers use too, who use loopback for nothing, and the ways to it. */

import { selectHostAddresses } from '../../lib/ice/index.ts'
import { host } from '../../lib/net/index.ts'
import { Coturn } from './drivers/coturn.ts'

/** This machine's address of that family towards others; undefined where it has none. */
export const outwardAddress = (family: 4 | 6): string | undefined =>
  selectHostAddresses(host.interfaces()).find(item => item.family === family)?.address

export const startCoturn = (address = outwardAddress(4) ?? '127.0.0.1'): Promise<Coturn> => Coturn.start({ address })

export type Way = 'udp' | 'tcp' | 'tls'

export const urlBy = (way: Way, { address, port, tlsPort }: Coturn): string => {
  const name = address.includes(':') ? `[${address}]` : address
  return way === 'tls' ? `turns:${name}:${tlsPort}` : `turn:${name}:${port}?transport=${way}`
}

/** The configuration of an end that uses relayed candidates alone. */
export const relayBy = (way: Way, coturn: Coturn): object => {
  const { username, password, ca } = coturn
  const server = { urls: urlBy(way, coturn), username, credential: password, ...(way === 'tls' && { ca }) }
  return { iceServers: [server], iceTransportPolicy: 'relay' }
}
