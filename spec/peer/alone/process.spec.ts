/** Connections over the platform's sockets, in a process of their own: it exits when they are closed, and keeps nothing. */

import { spawn } from 'node:child_process'
import t from 'tap'

const index = new URL('../../../lib/index.js', import.meta.url).href
const globals = new URL('../../../lib/globals.js', import.meta.url).href

const PAIR = `
import { RTCPeerConnection } from ${JSON.stringify(index)}
const createPair = () => {
  const a = new RTCPeerConnection(), b = new RTCPeerConnection()
  a.onicecandidate = ({ candidate }) => b.addIceCandidate(candidate).catch(() => {})
  b.onicecandidate = ({ candidate }) => a.addIceCandidate(candidate).catch(() => {})
  a.onnegotiationneeded = async () => {
    try {
      await a.setLocalDescription()
      await b.setRemoteDescription(a.localDescription)
      await b.setLocalDescription()
      await a.setRemoteDescription(b.localDescription)
    } catch {}
  }
  return [a, b]
}
/** Opens a pair, has a message echoed, and closes it. */
const echo = () => new Promise(resolve => {
  const [a, b] = createPair()
  b.ondatachannel = ({ channel }) => { channel.onmessage = ({ data }) => channel.send(data) }
  const channel = a.createDataChannel('echo')
  channel.onopen = () => channel.send('hello')
  channel.onmessage = ({ data }) => { a.close(); b.close(); resolve([data, a, b, channel]) }
})
`

/** Runs a script as a module; resolves with what it printed when it has exited by itself. */
const run = (script: string, ...flags: string[]): Promise<{ code: number | null; output: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...flags, '--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', chunk => {
        output += chunk
      })
    }
    child.on('error', reject)
    child.on('close', code => resolve({ code, output: output.trim() }))
  })

t.test('a process whose connections are closed exits', async t => {
  const { code, output } = await run(`${PAIR}
    const [data] = await echo()
    console.log(data)`)
  t.strictSame([code, output], [0, 'hello'])
})

t.test('also in the middle of a handshake, and from one that was never used', async t => {
  const { code, output } = await run(`${PAIR}
    new RTCPeerConnection()
    new RTCPeerConnection().createDataChannel('unused')
    for (const state of ['have-local-offer', 'stable']) {
      const [a, b] = createPair()
      a.createDataChannel('x')
      await new Promise(resolve => a.addEventListener('signalingstatechange', () => a.signalingState === state && resolve()))
      a.close()
      b.close()
    }
    console.log('done')`)
  t.strictSame([code, output], [0, 'done'])
})

t.test('an open connection keeps its process alive', async t => {
  const { code, output } = await run(`${PAIR}
    const [a, b] = createPair()
    const channel = a.createDataChannel('x')
    channel.onopen = () => setTimeout(() => { console.log('still here'); a.close(); b.close() }, 50).unref()`)
  t.strictSame([code, output], [0, 'still here'])
})

t.test('a closed connection leaves no socket, no timer, and no memory behind', async t => {
  const { code, output } = await run(
    `${PAIR}
    const held = []
    const round = async () => {
      for (const objects of await Promise.all(Array.from({ length: 8 }, echo))) {
        for (const object of objects.slice(1)) held.push(new WeakRef(object))
      }
    }
    for (let i = 0; i < 3; i++) await round()
    await new Promise(resolve => setTimeout(resolve, 100))
    const handles = process.getActiveResourcesInfo().filter(name => /UDP|Timeout|Immediate/.test(name))
    for (let i = 0; i < 5; i++) {
      gc()
      await new Promise(resolve => setImmediate(resolve))
    }
    console.log(JSON.stringify([handles, held.length, held.filter(ref => ref.deref() !== undefined).length]))`,
    '--expose-gc',
  )
  t.equal(code, 0, output)
  t.strictSame(JSON.parse(output), [[], 72, 0])
})

t.test('globals installs every class', async t => {
  const { code, output } = await run(`
    import ${JSON.stringify(globals)}
    import * as purertc from ${JSON.stringify(index)}
    const names = Object.keys(purertc).filter(name => name.startsWith('RTC'))
    console.log(names.length >= 15 && names.every(name => globalThis[name] === purertc[name]))
    console.log(Object.keys(globalThis).some(name => name.startsWith('RTC')))`)
  t.strictSame([code, output], [0, 'true\nfalse'])
})
