/** net: the platform as a `Host` (UDP, interfaces, resolver, timers), and one layer alone over a socket. */

export { crypto, host } from './host.ts'
export { type DatagramMachine, type EventOf, type Running, type RunOptions, run } from './run.ts'
