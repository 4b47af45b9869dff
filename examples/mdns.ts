/**
 * Names in place of addresses: one host publishes a name for its address by multicast DNS, another resolves it, as ICE
 * does for host candidates that are not to show a private address. On a simulated link: nothing is sent anywhere.
 */

import { decodeMessage, MdnsService } from 'purertc/mdns'
import { Simulation } from 'purertc/sim'

const sim = new Simulation({ seed: 1, network: { delay: 2 } })
const ada = new MdnsService(sim.createHost({ name: 'Ada', addresses: ['192.168.1.10'] }))
const bob = new MdnsService(sim.createHost({ name: 'Bob', addresses: ['192.168.1.11'] }))

// What goes over the link.
sim.onPacket = (time, from, to, bytes) => {
  const message = decodeMessage(bytes)
  const asked = message?.questions.map(({ name, type }) => `${name} (type ${type})?`) ?? []
  const told = message?.records.map(({ name, address, ttl }) => `${name} is ${address} for ${ttl} s`) ?? []
  console.log(`${time} ms: ${from} to ${to}: ${[...asked, ...told].join(', ')}`)
}

const name = await ada.publish('192.168.1.10')
console.log(`Ada's candidate says ${name}`)
console.log(`Bob resolves it to ${await sim.run(bob.resolve(name))}`)

// Nobody has this one: asked for four times, given up after ten seconds, and nothing waits for it meanwhile.
const nobody = '00000000-0000-4000-8000-000000000000.local'
console.log(`a name of nobody resolves to [${await sim.run(bob.resolve(nobody))}] at ${sim.now()} ms`)

// The goodbye has Bob forget it.
ada.withdraw(name)
await sim.elapse(1010)
console.log(`withdrawn, it resolves to [${await sim.run(bob.resolve(name))}] at ${sim.now()} ms`)
ada.close()
bob.close()
