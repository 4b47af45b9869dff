/** usrsctp's own programs over UDP (RFC 6951) against our association: their servers, and their clients. */

import t, { type Test } from 'tap'
import { fromUtf8, utf8 } from '../../lib/bytes/index.ts'
import { pattern, same } from '../sctp/pair.ts'
import { SctpEnd, Usrsctp, type UsrsctpOptions, unable } from './usrsctp-end.ts'

/** Set where everything is installed (`.ci/run`): programs that are not there are then a failure. */
const required = process.env.PURERTC_REQUIRE_PEERS === '1'
const reason = unable()
if (required && reason !== undefined) t.fail(reason)

const test = (name: string, run: (t: Test) => Promise<void>) => t.test(name, { skip: reason ?? false }, run)

/** Ports of SCTP that the servers have. */
const [ECHO, DISCARD, DAYTIME, CHARGEN, TSCTP] = [7, 9, 13, 19, 5001]

/** A server of ours whose first association is the end that is given. */
const serving = async (t: Test, port: number, keep = true, options: UsrsctpOptions = {}) => {
  const end = new SctpEnd(keep)
  const listen: UsrsctpOptions['listen'] = {
    port,
    accept: running => {
      end.running = running
      return end.event
    },
  }
  return { end, usrsctp: await Usrsctp.open(t, { ...options, listen }) }
}

const shutDown = async (t: Test, end: SctpEnd): Promise<void> => {
  end.input((sctp, now) => sctp.shutdown(now))
  await end.told('closed')
  t.equal(end.error, undefined, 'SHUTDOWN, and no error')
}

test('its echo server sends back what we send, on the stream where it came', async t => {
  const usrsctp = await Usrsctp.open(t)
  await usrsctp.server('echo_server')
  const end = await usrsctp.connect(ECHO)
  const { machine } = end.running
  t.ok(machine.outboundStreams >= 10)
  const sizes = [1, 2, 3, 4, 1_000, 1_144, 1_145, 5_000, 10_000]
  for (const [i, size] of sizes.entries()) {
    end.send(i % 10, pattern(size, i), { unordered: i % 3 === 2 })
    await end.until(() => end.messages.length === i + 1)
    const { streamId, data } = end.messages[i]!
    t.equal(streamId, i % 10)
    t.ok(same(data, pattern(size, i)), `${size} bytes`)
  }
  for (let i = 0; i < 1_000; i++) end.send(i % 10, pattern(200, i))
  await end.until(() => end.messages.length === sizes.length + 1_000)
  for (let stream = 0; stream < 10; stream++) {
    const came = end.messages.slice(sizes.length).filter(({ streamId }) => streamId === stream)
    t.ok(
      came.every(({ data }, i) => same(data, pattern(200, i * 10 + stream))),
      `in order on stream ${stream}`,
    )
  }
  await shutDown(t, end)
})

test('100 MiB go to its echo server and come back as they were', async t => {
  const usrsctp = await Usrsctp.open(t)
  await usrsctp.server('echo_server')
  const end = await usrsctp.connect(ECHO)
  const { machine } = end.running
  const [count, size] = [10_486, 10_000]
  let [sent, came, right] = [0, 0, true]
  while (came < count) {
    // It keeps nothing back for later: what it cannot send at once it blocks for, and reads no more.
    while (sent < count && sent - came < 50) end.send(0, pattern(size, sent++ & 255))
    await end.until(() => end.messages.length > 0)
    for (const { data } of end.messages.splice(0)) right &&= same(data, pattern(size, came++ & 255))
  }
  t.ok(right, 'every byte')
  t.equal(machine.counters.messagesReceived, count)
  await shutDown(t, end)
})

test('its discard server takes large messages and many', async t => {
  const usrsctp = await Usrsctp.open(t)
  const server = await usrsctp.server('discard_server')
  const end = await usrsctp.connect(DISCARD)
  for (let i = 0; i < 10; i++) end.send(0, pattern(256 << 10, i))
  for (let i = 0; i < 500; i++) end.send(1, pattern(1 + i, i))
  end.send(2, utf8('the end'))
  await server.says(/length 7 received from .* on stream 2 /)
  await shutDown(t, end)
  const { machine } = end.running
  t.equal(machine.counters.messagesSent, 511)
  const second = await usrsctp.connect(DISCARD)
  second.send(3, utf8('again'))
  await server.says(/length 5 received from .* on stream 3 /)
  await shutDown(t, second)
})

test('its daytime server says what it has to say, and shuts down', async t => {
  const usrsctp = await Usrsctp.open(t)
  await usrsctp.server('daytime_server')
  const end = await usrsctp.connect(DAYTIME)
  await end.told('closed')
  t.equal(end.error, undefined)
  t.match(fromUtf8(end.messages[0]!.data), /\d\d:\d\d:\d\d 20\d\d\n/)
})

test('its chargen server goes on until we abort', async t => {
  const usrsctp = await Usrsctp.open(t)
  const server = await usrsctp.server('chargen_server_upcall')
  const end = await usrsctp.connect(CHARGEN, { keep: false })
  end.send(0, utf8('go'))
  await end.until(() => end.bytes > 1_000)
  end.input((sctp, now) => sctp.abort(now, 'enough'))
  await end.told('closed')
  await server.says(/client socket .* closed/)
  const again = await usrsctp.connect(CHARGEN, { keep: false })
  again.send(0, utf8('go'))
  await again.until(() => again.bytes > 0)
  again.input((sctp, now) => sctp.abort(now))
})

test('we begin anew from the same ports, without a word: it restarts the association (5.2.4.1)', async t => {
  const usrsctp = await Usrsctp.open(t)
  const server = await usrsctp.server('discard_server')
  const before = await usrsctp.connect(DISCARD, { localPort: 5000 })
  before.send(0, utf8('before'))
  await server.says(/length 6 received/)
  before.running.close()
  const after = await usrsctp.connect(DISCARD, { localPort: 5000 })
  after.send(0, utf8('afterwards'))
  await server.says(/length 10 received from .* on stream 0 with SSN 0 /)
  await shutDown(t, after)
})

test('its client sends lines that we echo, and shuts down', async t => {
  const { end, usrsctp } = await serving(t, ECHO)
  const client = usrsctp.client(ECHO)
  await client.says(/Peer addresses/)
  await end.told('established')
  for (const line of ['hello\n', 'world\n']) {
    client.write(line)
    await end.until(() => end.messages.length > 0)
    const { streamId, ppid, data } = end.messages.shift()!
    t.equal(fromUtf8(data), line)
    end.input((sctp, now) => sctp.send(streamId, ppid, utf8(`${line.slice(0, 4)} came\n`), {}, now))
    await client.says(new RegExp(`${line.slice(0, 4)} came`))
  }
  client.endInput()
  await end.told('closed')
  t.equal(end.error, undefined)
})

test('we shut an association with its client down, and abort another', async t => {
  for (const how of ['shutdown', 'abort'] as const) {
    const { end, usrsctp } = await serving(t, ECHO)
    const client = usrsctp.client(ECHO)
    await end.told('established')
    await client.says(/SCTP_COMM_UP/)
    end.input((sctp, now) => sctp[how](now))
    await end.told('closed')
    t.equal(end.error, undefined)
    await client.says(how === 'abort' ? /SCTP_COMM_LOST/ : /SCTP_SHUTDOWN_(COMP|EVENT)/)
    await client.kill()
  }
})

test('its client is killed and begins anew from the same ports: we are told of a restart', async t => {
  const { end, usrsctp } = await serving(t, ECHO)
  const first = usrsctp.client(ECHO, 6_000)
  await end.told('established')
  first.write('first\n')
  await end.until(() => end.messages.length === 1)
  await first.kill()
  const second = usrsctp.client(ECHO, 6_000)
  await end.told('restarted')
  second.write('second\n')
  await end.until(() => end.messages.length === 2)
  t.equal(fromUtf8(end.messages[1]!.data), 'second\n')
  second.endInput()
  await end.told('closed')
  t.equal(end.error, undefined)
  t.equal(usrsctp.ours.associations, 0)
})

const measured = [
  { name: '20,000 messages of 64 bytes', count: 20_000, length: 64, options: [] },
  { name: '5,000 messages of 1,000 bytes, unordered', count: 5_000, length: 1_000, options: ['-u'] },
  { name: '100 MiB in messages of 100,000 bytes', count: 1_049, length: 100_000, options: [] },
] as const

for (const { name, count, length, options } of measured) {
  test(`its tsctp sends us ${name}`, async t => {
    const { end, usrsctp } = await serving(t, TSCTP, false)
    const tsctp = usrsctp.tsctp(TSCTP, '-n', count, '-l', length, ...options)
    await end.told('established')
    await end.told('closed')
    t.equal(end.error, undefined)
    t.equal(end.bytes, count * length)
    t.equal(await tsctp.exit(), 0)
  })
}

test('messages that its tsctp gives up after no retransmission and after a time: what arrives is whole', async t => {
  for (const policy of [
    ['-P', 2, '-t', 0],
    ['-P', 1, '-t', 5],
  ]) {
    const { end, usrsctp } = await serving(t, TSCTP)
    usrsctp.tsctp(TSCTP, '-n', 2_000, '-l', 3_000, ...policy)
    await end.told('established')
    await end.told('closed')
    t.equal(end.error, undefined)
    t.ok(end.messages.length > 0 && end.messages.every(({ data }) => data.length === 3_000))
  }
})

test('its tsctp counts what we send', async t => {
  for (const { count, length, unordered } of [
    { count: 20_000, length: 64, unordered: false },
    { count: 400, length: 20_000, unordered: true },
  ]) {
    const usrsctp = await Usrsctp.open(t)
    const server = await usrsctp.server('tsctp')
    const end = await usrsctp.connect(TSCTP)
    const message = pattern(length)
    for (let i = 0; i < count; i++) end.send(0, message, { unordered })
    await shutDown(t, end)
    const [, size, messages, , sum] = await server.says(/^(\d+), (\d+), (\d+), (\d+), [\d.]+, [\d.]+, \d+$/m)
    t.same([size, messages, sum], [length, count, count * length].map(String))
    await server.kill()
  }
})
