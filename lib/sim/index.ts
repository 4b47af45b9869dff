/** sim: hosts on a virtual clock and a seeded network, for whole connections that repeat to the byte. */

export { type HostOptions, SimulatedHost, SimulationError } from './host.ts'
export type { LinkOptions } from './link.ts'
export type { PacketFate, PacketObserver } from './network.ts'
export { SeededRandom, seededRandom } from './random.ts'
export { type RunLimits, Simulation, type SimulationOptions } from './simulation.ts'
