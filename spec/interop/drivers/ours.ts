/** Our own stack, in the spec's process. */

import { RTCPeerConnection } from '../../../lib/index.ts'
import { createAgent, type Driver } from './driver.ts'

export async function startOurs(): Promise<Driver> {
  const agent = await createAgent(RTCPeerConnection)
  return {
    name: 'purertc',
    quirks: {},
    call: async (method, ...args) => agent[method]?.(...args),
    close: async () => {},
  }
}
