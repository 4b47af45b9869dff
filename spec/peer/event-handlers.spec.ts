/** `on...` attributes, and the classes of events, as HTML, DOM and Web IDL have them. */

import t from 'tap'
import * as peer from '../../lib/peer/index.ts'
import { createPair } from '../sim/pair.ts'

const {
  RTCDataChannel,
  RTCDataChannelEvent,
  RTCError,
  RTCErrorEvent,
  RTCIceCandidate,
  RTCPeerConnection,
  RTCPeerConnectionIceErrorEvent,
  RTCPeerConnectionIceEvent,
  RTCSessionDescription,
} = peer

/** One connection of a pair in virtual time, to fire events at. */
const target = () => createPair({ seed: 1 }).a
const unchecked = (value: unknown) => value as never

t.test('a handler has the place among the listeners in which it was first set', t => {
  const connection = target()
  const order: string[] = []
  connection.addEventListener('negotiationneeded', () => order.push('first listener'))
  connection.onnegotiationneeded = () => order.push('replaced')
  connection.addEventListener('negotiationneeded', () => order.push('second listener'))
  connection.onnegotiationneeded = () => order.push('handler')
  connection.dispatchEvent(new Event('negotiationneeded'))
  t.strictSame(order, ['first listener', 'handler', 'second listener'])

  order.length = 0
  connection.onnegotiationneeded = null
  connection.dispatchEvent(new Event('negotiationneeded'))
  t.strictSame(order, ['first listener', 'second listener'])

  order.length = 0
  connection.onnegotiationneeded = () => order.push('handler')
  connection.dispatchEvent(new Event('negotiationneeded'))
  t.strictSame(order, ['first listener', 'second listener', 'handler'], 'null gives the place up')
  connection.close()
  t.end()
})

t.test('a handler is called on its target with the event; false cancels', t => {
  const connection = target()
  let seen: unknown[] = []
  connection.onnegotiationneeded = function (event) {
    seen = [this, event]
    return false
  }
  const event = new Event('negotiationneeded', { cancelable: true })
  t.equal(connection.dispatchEvent(event), false)
  t.equal(seen[0], connection)
  t.equal(seen[1], event)
  connection.close()
  t.end()
})

t.test('what is no object is null; an object that cannot be called is kept and does nothing', t => {
  const connection = target()
  for (const value of [1, 'text', true, undefined, Symbol('s')]) {
    connection.onicecandidate = unchecked(value)
    t.equal(connection.onicecandidate, null)
  }
  const object = {}
  connection.onicecandidate = unchecked(object)
  t.equal(connection.onicecandidate, object)
  t.doesNotThrow(() => connection.dispatchEvent(new Event('icecandidate')))
  connection.close()
  t.end()
})

t.test('listeners may be objects, removed, once, and under a signal', t => {
  const connection = target()
  const order: string[] = []
  const listener = { handleEvent: () => order.push('object') }
  const aborter = new AbortController()
  connection.addEventListener('negotiationneeded', listener)
  connection.addEventListener('negotiationneeded', () => order.push('once'), { once: true })
  connection.addEventListener('negotiationneeded', () => order.push('signal'), { signal: aborter.signal })
  connection.dispatchEvent(new Event('negotiationneeded'))
  aborter.abort()
  connection.removeEventListener('negotiationneeded', listener)
  connection.dispatchEvent(new Event('negotiationneeded'))
  t.strictSame(order, ['object', 'once', 'signal'])
  connection.close()
  t.end()
})

t.test('the interfaces look as Web IDL makes them', t => {
  const classes = Object.entries(peer).filter(([name]) => name.startsWith('RTC')) as [
    string,
    { readonly prototype: object; readonly length: number },
  ][]
  t.ok(classes.length >= 15)
  for (const [name, type] of classes) {
    t.equal(Object.prototype.toString.call(type.prototype), `[object ${name}]`)
    for (const key of Object.getOwnPropertyNames(type.prototype)) {
      const { enumerable } = Object.getOwnPropertyDescriptor(type.prototype, key)!
      t.equal(enumerable, key !== 'constructor', `${name}.${key}`)
    }
  }
  for (const type of [RTCPeerConnection, RTCDataChannel]) {
    t.equal(Object.getPrototypeOf(type), EventTarget)
    t.equal(Object.getPrototypeOf(type.prototype), EventTarget.prototype)
  }
  t.equal(RTCPeerConnection.length, 0)
  t.equal(RTCPeerConnection.prototype.createDataChannel.length, 1)
  t.equal(RTCPeerConnection.prototype.setRemoteDescription.length, 1)
  t.equal(RTCPeerConnection.prototype.setLocalDescription.length, 0)
  t.equal(RTCPeerConnectionIceEvent.length, 1)
  t.equal(RTCDataChannelEvent.length, 2)
  t.end()
})

t.test('what a script may not construct is an illegal constructor', t => {
  const { RTCCertificate, RTCDtlsTransport, RTCIceCandidatePair, RTCIceTransport, RTCSctpTransport, RTCStatsReport } =
    peer
  const types = [
    RTCCertificate,
    RTCDataChannel,
    RTCDtlsTransport,
    RTCIceCandidatePair,
    RTCIceTransport,
    RTCSctpTransport,
    RTCStatsReport,
  ]
  for (const type of types) {
    t.throws(() => new type(unchecked(undefined)), { name: 'TypeError', message: 'Illegal constructor' })
    t.throws(() => new type(unchecked({})), { name: 'TypeError', message: 'Illegal constructor' })
  }
  t.end()
})

t.test('attributes and methods are refused on foreign objects', t => {
  const getter = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'signalingState')!.get!
  const handler = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, 'onicecandidate')!
  t.throws(() => getter.call({}), TypeError)
  t.throws(() => handler.get!.call({}), TypeError)
  t.throws(() => handler.set!.call({}, null), TypeError)
  t.throws(() => RTCPeerConnection.prototype.close.call(unchecked({})), TypeError)
  t.end()
})

t.test('events carry what they are given', t => {
  const candidate = new RTCIceCandidate({ candidate: '', sdpMid: '0' })
  const ice = new RTCPeerConnectionIceEvent('icecandidate', { candidate, url: 'stun:x', bubbles: true })
  t.ok(ice instanceof Event)
  t.strictSame(
    [ice.type, ice.candidate, ice.url, ice.bubbles, ice.cancelable],
    ['icecandidate', candidate, 'stun:x', true, false],
  )
  const bare = new RTCPeerConnectionIceEvent('x')
  t.strictSame([bare.candidate, bare.url], [null, null])

  const failure = new RTCPeerConnectionIceErrorEvent('icecandidateerror', {
    errorCode: 701,
    address: '10.0.0.1',
    port: 9,
  })
  t.strictSame(
    [failure.errorCode, failure.address, failure.port, failure.url, failure.errorText],
    [701, '10.0.0.1', 9, '', ''],
  )
  t.throws(() => new RTCPeerConnectionIceErrorEvent('x', unchecked({})), TypeError)

  const error = new RTCError({ errorDetail: 'sctp-failure', sctpCauseCode: 12 }, 'gone')
  t.equal(new RTCErrorEvent('error', { error }).error, error)
  t.throws(() => new RTCErrorEvent('error', unchecked({ error: new Error() })), TypeError)
  t.throws(() => new RTCDataChannelEvent('datachannel', unchecked({ channel: {} })), TypeError)
  t.throws(() => Reflect.construct(RTCPeerConnectionIceEvent, []), {
    message: /1 argument required, but only 0 present/,
  })
  t.throws(() => Reflect.construct(RTCErrorEvent, ['x']), { message: /2 arguments required, but only 1 present/ })
  t.end()
})

t.test('an RTCError is a DOMException that says more', t => {
  const error = new RTCError({ errorDetail: 'dtls-failure', sentAlert: 42, receivedAlert: -1 }, 'no')
  t.ok(error instanceof DOMException)
  t.ok(error instanceof Error)
  t.strictSame([error.name, error.message, error.code], ['OperationError', 'no', 0])
  t.strictSame([error.errorDetail, error.sentAlert, error.receivedAlert], ['dtls-failure', 42, 4294967295])
  t.strictSame([error.sdpLineNumber, error.sctpCauseCode], [null, null])
  t.throws(() => new RTCError(unchecked({})), TypeError)
  t.throws(() => new RTCError(unchecked({ errorDetail: 'other' })), TypeError)
  t.end()
})

t.test('a session description keeps its type and text', t => {
  const description = new RTCSessionDescription({ type: 'offer', sdp: 'v=0' })
  t.strictSame([description.type, description.sdp], ['offer', 'v=0'])
  t.equal(JSON.stringify(description), '{"type":"offer","sdp":"v=0"}')
  t.equal(new RTCSessionDescription({ type: 'rollback' }).sdp, '')
  t.throws(() => new RTCSessionDescription(unchecked({ sdp: 'v=0' })), TypeError)
  t.throws(() => new RTCSessionDescription(unchecked({ type: 'other' })), TypeError)
  t.throws(() => new RTCSessionDescription(unchecked(undefined)), TypeError)
  t.end()
})
