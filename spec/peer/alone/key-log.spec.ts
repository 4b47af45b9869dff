/** The key log of connections: to the configuration's callback, its trace, and the file that SSLKEYLOGFILE names. */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { crypto, host } from '../../../lib/net/host.ts'
import { hostSymbol, type RTCConfiguration, RTCPeerConnection } from '../../../lib/peer/index.ts'
import { createReportingPair } from '../reporting-pair.ts'

/** Label, client random, secret (RFC 9850, 2). */
const LINE = /^[A-Z][A-Z0-9_]+ [0-9a-f]{64} (?:[0-9a-f]{2}){32,48}$/

/** Connects two over loopback, and closes them when a message has come. */
const talk = async (configuration: RTCConfiguration): Promise<void> => {
  const world = { ...configuration, includeLoopback: true, [hostSymbol]: { host, crypto } }
  const [a, b] = [new RTCPeerConnection(world), new RTCPeerConnection(world)]
  a.onicecandidate = ({ candidate }) => void b.addIceCandidate(candidate)
  b.onicecandidate = ({ candidate }) => void a.addIceCandidate(candidate)
  const told = new Promise(resolve => {
    b.ondatachannel = ({ channel }) => {
      channel.onmessage = resolve
    }
  })
  const channel = a.createDataChannel('x')
  channel.onopen = () => channel.send('hello')
  await a.setLocalDescription()
  await b.setRemoteDescription(a.localDescription!)
  await b.setLocalDescription()
  await a.setRemoteDescription(b.localDescription!)
  await told
  a.close()
  b.close()
}

const withFile = async (t: Test, path: string, run: () => Promise<void>): Promise<void> => {
  const before = process.env.SSLKEYLOGFILE
  process.env.SSLKEYLOGFILE = path
  t.teardown(() => {
    if (before === undefined) delete process.env.SSLKEYLOGFILE
    else process.env.SSLKEYLOGFILE = before
  })
  await run()
}

t.test('SSLKEYLOGFILE gets the lines of every connection, and is for its owner alone', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'purertc-key-log-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'keys.log')
  const lines: string[] = []
  await withFile(t, path, async () => {
    await talk({ keyLog: line => lines.push(line) })
    await talk({ keyLog: line => lines.push(line) })
  })
  const written = readFileSync(path, 'utf8')
  t.ok(written.endsWith('\n'))
  t.strictSame(written.trimEnd().split('\n'), lines, 'as the callback got them')
  for (const line of lines) t.match(line, LINE)
  t.equal(new Set(lines.map(line => line.split(' ')[1])).size, 2, 'two handshakes')
  if (process.platform !== 'win32') t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('a file that cannot be written breaks nothing, and a warning says so once', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'purertc-key-log-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const warnings: string[] = []
  const listen = ({ message }: Error): void => {
    if (message.includes('SSLKEYLOGFILE')) warnings.push(message)
  }
  process.on('warning', listen)
  t.teardown(() => process.off('warning', listen))
  await withFile(t, join(folder, 'missing', 'keys.log'), () => talk({}))
  t.equal(warnings.length, 1)
  if (process.platform === 'win32') return
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  await withFile(t, pipe, () => talk({}))
  t.equal(warnings.length, 2, 'nor does a pipe that nobody reads')
})

t.test('callback and trace are told the same lines; what they throw is reported, and breaks nothing', async t => {
  const [lines, traced, packets]: [string[], string[], unknown[]] = [[], [], []]
  let owner: unknown
  const trace = {
    keyLog(this: unknown, line: string) {
      owner = this
      traced.push(line)
      throw new Error('in trace.keyLog')
    },
    packet() {
      if (packets.push(0) < 3) throw new Error('in trace.packet')
    },
  }
  const { a, b, sim, reported, negotiate } = createReportingPair(4, {
    trace,
    keyLog: line => {
      lines.push(line)
      throw new Error('in keyLog')
    },
  })
  a.createDataChannel('x')
  await sim.run(negotiate())
  await sim.run(() => a.sctp?.transport.state === 'connected')
  await sim.elapse(10)
  t.ok(lines.length > 0)
  t.strictSame(lines, traced)
  t.equal(owner, trace)
  for (const line of lines) t.match(line, LINE)
  const expected = [...lines.flatMap(() => ['in keyLog', 'in trace.keyLog']), 'in trace.packet', 'in trace.packet']
  t.strictSame([...reported].sort(), expected.sort())
  a.close()
  b.close()
})

t.test('a connection may be closed from within, whatever it is about to tell', async t => {
  for (const last of [0, 1, 2, 3, 4, 6, 8, 11, 15, 22, 30]) {
    let told = 0
    const tell = (): void => {
      if (told++ < last) return
      pair.a.close()
      t.equal(pair.a.connectionState, 'closed')
    }
    const pair = createReportingPair(100 + last, { trace: { packet: tell, event: tell }, keyLog: tell })
    const { a, b, sim, hosts, reported, negotiate } = pair
    a.createDataChannel('x')
    // Its methods reject once it is closed.
    await sim.run(negotiate().catch(() => {}))
    await sim.run(() => a.connectionState === 'closed')
    await sim.elapse(1000)
    t.ok(told > last)
    t.strictSame([hosts[0]!.openSockets, reported], [0, []])
    b.close()
  }
})
