/** DTLS alone, over the sockets of simulated hosts: each version through bad networks, narrow ones, and the same way again. */

import { createHash } from 'node:crypto'
import t from 'tap'
import { Packet } from '../../lib/bytes/index.ts'
import type { Certificate, CryptoProvider } from '../../lib/crypto/index.ts'
import { DtlsConnection, type DtlsOptions, type DtlsRole } from '../../lib/dtls/index.ts'
import { type Running, run } from '../../lib/net/index.ts'
import { type LinkOptions, Simulation } from '../../lib/sim/index.ts'
import { certificate, sha256Of } from '../dtls/pair.ts'
import { nodeCrypto, seededCrypto } from '../providers.ts'

const VERSIONS = ['1.2', '1.3'] as const
const ADDRESSES = { client: '192.0.2.1', server: '192.0.2.2' } as const
const PORT = 5684

interface Site {
  readonly running: Running<DtlsConnection>
  readonly events: string[]
  readonly received: string[]
}

interface Call {
  readonly sim: Simulation
  readonly client: Site
  readonly server: Site
}

interface Terms {
  readonly seed: number
  readonly network: LinkOptions
  readonly certificates: Readonly<Record<DtlsRole, Certificate>>
  readonly options: Partial<DtlsOptions>
  readonly crypto?: (role: DtlsRole) => CryptoProvider
  /** Told of each datagram. */
  readonly watch?: (bytes: Uint8Array, time: number) => void
}

/** Two hosts, each with one end, the client under way. */
const call = async ({
  seed,
  network,
  certificates,
  options,
  crypto = () => nodeCrypto,
  watch,
}: Terms): Promise<Call> => {
  const sim = new Simulation({ seed, network })
  if (watch !== undefined) sim.onPacket = (time, _from, _to, bytes) => watch(bytes, time)
  const site = async (role: DtlsRole, peer: DtlsRole): Promise<Site> => {
    const events: string[] = []
    const received: string[] = []
    const running = await run(
      transmit =>
        new DtlsConnection({
          crypto: crypto(role),
          role,
          certificate: certificates[role],
          fingerprints: [sha256Of(certificates[peer])],
          transmit,
          deliver: data => received.push(new TextDecoder().decode(data)),
          ...options,
        }),
      {
        host: sim.createHost({ addresses: [ADDRESSES[role]] }),
        address: ADDRESSES[role],
        port: PORT,
        remote: { address: ADDRESSES[peer], port: PORT },
        event: event => events.push(event.type),
      },
    )
    return { running, events, received }
  }
  const server = await site('server', 'client')
  const client = await site('client', 'server')
  client.running.input((dtls, now) => dtls.start(now))
  return { sim, client, server }
}

const connected = ({ client, server }: Call): boolean =>
  [client, server].every(({ running }) => running.machine.state === 'connected')

const say = ({ running }: Site, text: string): boolean =>
  running.input((dtls, now) => dtls.send(Packet.copy(new TextEncoder().encode(text)), now))

/** Their signatures are of one length, so that a seed draws for the same datagrams in each run. */
const ed25519 = async () => ({
  client: await certificate('ed25519', 'client'),
  server: await certificate('ed25519', 'server'),
})

for (const version of VERSIONS) {
  t.test(`DTLS ${version} through networks that lose, repeat and jumble`, async t => {
    const certificates = await ed25519()
    const network = { delay: 30, jitter: 20, loss: 0.2, duplicate: 0.05, reorder: 0.2, reorderBy: 80 }
    const options = { versions: [version], groups: ['x25519'], initialTimeout: 150 } as const
    for (let seed = 1; seed <= 40; seed++) {
      const it = await call({ seed, network, certificates, options })
      await it.sim.run(() => connected(it))
      it.sim.network = { delay: 30 }
      t.ok(say(it.client, 'question') && say(it.server, 'answer'))
      await it.sim.run(() => it.server.received.length > 0 && it.client.received.length > 0)
      t.same([it.server.received, it.client.received], [['question'], ['answer']], `seed ${seed}`)
      it.client.running.input((dtls, now) => dtls.close(now))
      await it.sim.run(() => it.server.events.includes('closed'))
      t.same(it.server.events, ['connected', 'closed'])
      for (const { running } of [it.client, it.server]) running.close()
    }
  })

  t.test(`DTLS ${version} over a path that takes no large packets finds it out by itself`, async t => {
    // The server's certificate alone fills more than such a packet has room for.
    const certificates = { client: await certificate('rsa', 'client'), server: await certificate('rsa', 'server') }
    const options = { versions: [version], groups: ['x25519'] } as const
    const it = await call({ seed: 1, network: { delay: 30, mtu: 700 }, certificates, options })
    await it.sim.run(() => connected(it))
    t.ok(it.sim.now() < 20_000, `${it.sim.now()} ms`)
    for (const { running } of [it.client, it.server]) running.close()
  })

  t.test(`DTLS ${version} with the same seed is the same to the byte`, async t => {
    const key = await certificate('ec-p256', 'seeded', seededCrypto(1))
    const digestOf = async (seed: number): Promise<string> => {
      const digest = createHash('sha256')
      const it = await call({
        seed,
        network: { delay: 30, jitter: 20, loss: 0.2, duplicate: 0.05 },
        certificates: { client: key, server: key },
        options: { versions: [version] },
        crypto: role => seededCrypto(2 * seed + (role === 'client' ? 0 : 1)),
        watch: (bytes, time) => digest.update(`${time} ${bytes.length} `).update(bytes),
      })
      await it.sim.run(() => connected(it))
      for (const { running } of [it.client, it.server]) running.close()
      return digest.digest('hex')
    }
    const first = await digestOf(3)
    t.equal(await digestOf(3), first)
    t.not(await digestOf(4), first)
  })
}
