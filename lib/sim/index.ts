/** sim: hosts on a virtual clock and a seeded network, for whole connections that repeat to the byte. */

export { SimulationError } from './error.ts'
export { Firewall, type FirewallOptions } from './firewall.ts'
export { type HostOptions, type Inside, SimulatedHost } from './host.ts'
export type { LinkOptions } from './link.ts'
export { Nat, type NatKind, type NatOptions } from './nat.ts'
export type { NatBehaviour } from './nat-binding.ts'
export type { PacketFate, PacketObserver } from './network.ts'
export { SeededRandom, seededRandom } from './random.ts'
export { type Place, type RunLimits, Simulation, type SimulationOptions } from './simulation.ts'
export type { SimulatedListenerOptions } from './tcp.ts'
export type { SimulatedCertificate } from './tls.ts'
