import t from 'tap'
import { fromBase64, fromHex, utf8 } from '../../lib/bytes/index.ts'
import {
  Attribute,
  decodeStun,
  longTermKey,
  Method,
  readAddress,
  readAddressFamily,
  readChannelNumber,
  readErrorCode,
  readEvenPort,
  readRequestedTransport,
  readReservationToken,
  readText,
  readTieBreaker,
  readU32,
  readUsername,
  readXorAddress,
  StreamFramer,
  verifyFingerprint,
  verifyIntegrity,
} from '../../lib/stun/index.ts'
import { fixtureBytes, fixtureText } from '../fixture.ts'
import { nodeCrypto, providers } from '../providers.ts'

/** UDP payloads of a capture (libpcap, Ethernet, IPv4). */
const datagrams = (capture: Uint8Array): Uint8Array[] => {
  const view = new DataView(capture.buffer, capture.byteOffset, capture.byteLength)
  const payloads: Uint8Array[] = []
  for (let at = 24; at + 16 <= capture.length; ) {
    const length = view.getUint32(at + 8, true)
    const frame = capture.subarray(at + 16, at + 16 + length)
    if (frame[12] === 8 && frame[13] === 0 && frame[23] === 17)
      payloads.push(frame.subarray(14 + 4 * (frame[14]! & 15) + 8))
    at += 16 + length
  }
  return payloads
}

t.test("real browsers' Binding requests decode, and their fingerprints hold", t => {
  const lines = fixtureText('stun/pion-stun/frombrowsers.csv').split('\n')
  const rows = lines.filter(line => /^\d/.test(line)).map(line => line.split(','))
  t.equal(rows.length, 14)
  for (const [, message64 = '', , browser] of rows) {
    const message = decodeStun(fromBase64(message64)!)
    t.same([message?.kind, message?.method], ['request', Method.binding])
    // Firefox signs them with a CRC, Chrome does not.
    t.equal(verifyFingerprint(message!), browser === 'Firefox')
  }
  t.end()
})

t.test('a Chrome request with a padded SOFTWARE decodes', t => {
  const message = decodeStun(fixtureBytes('stun/pion-stun/ex1_chrome.stun'))
  t.equal(message?.kind, 'request')
  t.end()
})

t.test('requests and responses of ICE agents and servers decode', t => {
  const load = (name: string) => decodeStun(fixtureBytes(`stun/aioice-packets/${name}.bin`))!
  t.same(load('binding_request').attributes, [])

  const controlled = load('binding_request_ice_controlled')
  t.equal(readUsername(controlled.find(Attribute.username)!), 'AYeZ:sw7YvCSbcVex3bhi')
  t.equal(readU32(controlled.find(Attribute.priority)!), 1685987071)
  t.equal(readText(controlled.find(Attribute.software)!), 'FreeSWITCH (-37-987c9b9 64bit)')
  t.equal(readTieBreaker(controlled.find(Attribute.iceControlled)!), 0x4c374149526d6179n)
  t.ok(verifyFingerprint(controlled))
  t.equal(controlled.integrityAt, controlled.bytes.length - 32)

  const controlling = load('binding_request_ice_controlling')
  t.equal(readTieBreaker(controlling.find(Attribute.iceControlling)!), 0x527ad2e0d9120891n)
  t.ok(controlling.has(Attribute.useCandidate))
  t.ok(verifyFingerprint(controlling))

  const response = load('binding_response')
  t.equal(response.kind, 'success')
  t.same(readXorAddress(response.find(Attribute.xorMappedAddress)!, response.transactionId), {
    address: '80.200.136.90',
    port: 53054,
  })
  t.same(readAddress(response.find(Attribute.mappedAddress)!), { address: '80.200.136.90', port: 53054 })
  t.end()
})

t.test("Chrome's TURN allocation decodes", t => {
  const messages = fixtureText('stun/pion-turn-chrome/01_chromeallocreq.hex')
    .trim()
    .split('\n')
    .map(line => decodeStun(fromHex(line.trim())!)!)
  t.same(
    messages.map(({ kind, method }) => [kind, method]),
    [
      ['request', Method.allocate],
      ['error', Method.allocate],
      ['request', Method.allocate],
      ['success', Method.allocate],
    ],
  )
  t.same(readErrorCode(messages[1]!.find(Attribute.errorCode)!), { code: 401, reason: 'Unauthorized' })
  const [name, realm] = [Attribute.username, Attribute.realm].map(type => readText(messages[2]!.find(type)!))
  t.same([name, realm], ['ernado', 'a1.cydev.ru'])
  const { address } = readXorAddress(messages[3]!.find(Attribute.xorRelayedAddress)!, messages[3]!.transactionId)!
  t.match(address, /^[0-9.]+$/)
  t.end()
})

for (const { name, crypto } of providers) {
  t.test(`every message between coturn and its client is sealed with the long-term key (${name})`, t => {
    const mac = crypto.createMac('sha-1', longTermKey(crypto, 'md5', 'user', 'realm.test', 'pass'))
    const wrong = crypto.createMac('sha-1', longTermKey(crypto, 'md5', 'user', 'realm.test', 'Pass'))
    const messages = datagrams(fixtureBytes('stun/coturn.pcap'))
      .map(payload => decodeStun(payload))
      .filter(message => message !== undefined)
    const sealed = messages.filter(message => message.integrityAt >= 0)
    t.equal(messages.length, 42)
    t.equal(sealed.length, 34)
    t.ok(sealed.every(message => verifyIntegrity(message, mac) && verifyFingerprint(message)))
    t.notOk(sealed.some(message => verifyIntegrity(message, wrong)))
    const bare = messages.filter(message => message.integrityAt < 0)
    t.ok(bare.every(({ method, kind }) => method === Method.binding || kind === 'error' || kind === 'request'))
    t.end()
  })
}

t.test('an allocation and a channel at coturn read as they were asked for', t => {
  const payloads = datagrams(fixtureBytes('stun/coturn.pcap'))
  const messages = payloads.map(payload => decodeStun(payload)).filter(message => message !== undefined)
  const [query, answer, request, challenge, , success] = messages
  t.same([query?.kind, query?.attributes.length], ['request', 0])
  t.same(readXorAddress(answer!.find(Attribute.xorMappedAddress)!, answer!.transactionId), {
    address: '127.0.0.1',
    port: 47391,
  })
  t.equal(readRequestedTransport(request!.find(Attribute.requestedTransport)!), 17)
  t.equal(readAddressFamily(request!.find(Attribute.requestedAddressFamily)!), 4)
  t.equal(readEvenPort(request!.find(Attribute.evenPort)!), true)
  t.ok(request!.has(Attribute.dontFragment))
  t.equal(readErrorCode(challenge!.find(Attribute.errorCode)!)?.code, 401)
  t.equal(readText(challenge!.find(Attribute.realm)!), 'realm.test')
  t.equal(readU32(success!.find(Attribute.lifetime)!), 777)
  t.equal(readReservationToken(success!.find(Attribute.reservationToken)!)?.length, 8)
  const bind = messages.filter(({ kind, method }) => kind === 'request' && method === Method.channelBind)
  // The client takes numbers as RFC 5766 had them; of those, RFC 8656 has left a quarter.
  t.same(
    bind.map(message => readChannelNumber(message.find(Attribute.channelNumber)!)),
    [undefined, undefined, 0x4394, 0x4394, undefined, 0x4394, undefined],
  )
  const data = payloads.find(payload => payload[0] === 0x43)!
  let frame: Uint8Array | undefined
  t.ok(
    new StreamFramer().push(data, whole => {
      frame = whole
    }),
  )
  t.same(frame, data)
  t.end()
})

t.test('checks between Chromium and Firefox are signed as RFC 8445 says', t => {
  const messages = datagrams(fixtureBytes('captures/cr-ff-data.pcap'))
    .filter(payload => payload[0]! < 4)
    .map(payload => decodeStun(payload)!)
  const passwords = {
    '51y5': 'yE+5JlMEOpELimSgQmaYMpnz',
    f35553ff: '15b46aeed3783a6b189d0f1464b1599e',
  }
  const macs = Object.values(passwords).map(password => nodeCrypto.createMac('sha-1', utf8(password)))
  t.equal(messages.length, 12)
  for (const message of messages) {
    t.ok(verifyFingerprint(message))
    t.equal(macs.filter(mac => verifyIntegrity(message, mac)).length, 1, 'signed with one of the two passwords')
    if (message.kind !== 'request') continue
    const [receiver] = readUsername(message.find(Attribute.username)!)!.split(':')
    const password = passwords[receiver as keyof typeof passwords]
    t.ok(verifyIntegrity(message, nodeCrypto.createMac('sha-1', utf8(password))), "the receiver's")
  }
  t.end()
})
