/**
 * The platform as a `Host`: what every connection uses unless a simulation hands in its own.
 *
 * `#host` of the package's `imports` map leads here, which is how `peer/` gets at sockets without importing them.
 */

import { performance } from 'node:perf_hooks'
import { nodeCrypto } from '../crypto/node.ts'
import type { Host } from '../machine/index.ts'
import { interfaces } from './interfaces.ts'
import { keyLogFile } from './key-log-file.ts'
import { openMulticast } from './multicast.ts'
import { resolve } from './resolver.ts'
import { listenTcp, openTcp } from './tcp.ts'
import { schedule } from './timer.ts'
import { openUdp } from './udp.ts'
import { watchInterfaces } from './watch.ts'

export { nodeCrypto as crypto } from '../crypto/node.ts'

export const host: Host = {
  now: () => performance.now(),
  timeOrigin: performance.timeOrigin,
  random: nodeCrypto.random,
  interfaces,
  watchInterfaces,
  openDatagram: openUdp,
  openMulticast,
  openStream: openTcp,
  listenStream: listenTcp,
  resolve,
  get keyLog() {
    return keyLogFile()
  },
  schedule,
  // One immediate a task, so that promises settle between tasks, as webrtc-pc expects of queued tasks. A pending one
  // keeps the process alive.
  queueTask: task => {
    setImmediate(task)
  },
}
