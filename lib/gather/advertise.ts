/** What the peer is told of a base: its own address, or one that stands for it (a 1:1 NAT, a load balancer). */

import type { InterfaceAddress } from '../machine/index.ts'
import type { AdvertisedAddress } from './options.ts'

/** A candidate of a base, without its port. */
export interface ShownAddress {
  readonly type: 'host' | 'srflx'
  readonly address: string
}

const standsFor = ({ address, base }: AdvertisedAddress, own: InterfaceAddress): boolean => {
  if (address.includes(':') !== (own.family === 6)) return false
  return base === undefined ? !own.internal : base === own.address || base === own.name
}

/** The addresses under which a base is shown, its own first unless another stands in its place. */
export const shownAddresses = (
  own: InterfaceAddress,
  advertised: readonly AdvertisedAddress[],
): readonly ShownAddress[] => {
  const mine = advertised.filter(item => standsFor(item, own))
  const inPlace = mine.filter(({ type = 'host' }) => type === 'host')
  const beside = mine.filter(({ type }) => type === 'srflx')
  const hosts = inPlace.length > 0 ? inPlace : [own]
  return [
    ...hosts.map(({ address }) => ({ type: 'host' as const, address })),
    ...beside.map(({ address }) => ({ type: 'srflx' as const, address })),
  ]
}
