/** Descriptions of audio and video that are made to cost much, or that lie: bounded, or refused by W3C's names. */

import t from 'tap'
import { JsepError } from '../../lib/jsep/index.ts'
import { mediaSide, takeAll, transceiversOf } from './media-side.ts'

const range = (length: number): number[] => Array.from({ length }, (_, index) => index)
const head = (mids: readonly (number | string)[], ...more: string[]): string[] => [
  ...[
    'v=0',
    'o=- 1 1 IN IP4 0.0.0.0',
    's=-',
    't=0 0',
    ...(mids.length > 0 ? [`a=group:BUNDLE ${mids.join(' ')}`] : []),
  ],
  ...more,
]
const TRANSPORT = [
  ...['a=ice-ufrag:abcd', 'a=ice-pwd:abcdefghijklmnopqrstuvwx', 'a=setup:actpass'],
  `a=fingerprint:sha-256 ${Array(32).fill('BB').join(':')}`,
]
const section = (
  mid: number | string,
  lines: readonly string[] = ['a=rtpmap:96 VP8/90000'],
  formats = '96',
): string[] => [
  ...[`m=video 9 UDP/TLS/RTP/SAVPF ${formats}`, 'c=IN IP4 0.0.0.0', ...TRANSPORT, `a=mid:${mid}`, 'a=rtcp-mux'],
  ...lines,
]
const PAYLOAD_TYPES = range(128)
const all = PAYLOAD_TYPES.join(' ')
const mids = range(384)

/** Each within the bounds of what is parsed at all: answered and offered again. */
const costly: Record<string, string[]> = {
  'as many m-sections as there may be': [...head(mids), ...mids.flatMap(mid => section(mid))],
  'each for itself': [...head([]), ...mids.flatMap(mid => section(mid))],
  'in pairs': [
    ...head([], ...range(192).map(pair => `a=group:BUNDLE ${2 * pair} ${2 * pair + 1}`)),
    ...mids.flatMap(mid => section(mid)),
  ],
  'without mids': [...head([]), ...mids.flatMap(mid => section(mid).filter(line => !line.startsWith('a=mid')))],
  'the same codec under every number, everywhere': [
    ...head(range(120)),
    ...range(120).flatMap(mid =>
      section(
        mid,
        PAYLOAD_TYPES.flatMap(type => [
          `a=rtpmap:${type} H264/90000`,
          `a=fmtp:${type} profile-level-id=42e01f;packetization-mode=1`,
        ]),
        all,
      ),
    ),
  ],
  'retransmissions of one codec under every number': [
    ...head(range(150)),
    ...range(150).flatMap(mid =>
      section(
        mid,
        PAYLOAD_TYPES.flatMap(type => [`a=rtpmap:${type} ${type === 0 ? 'VP8' : 'rtx'}/90000`, `a=fmtp:${type} apt=0`]),
        all,
      ),
    ),
  ],
  'huge parameters': [
    ...head([0]),
    ...section(
      0,
      PAYLOAD_TYPES.flatMap(type => [
        `a=rtpmap:${type} H264/90000`,
        `a=fmtp:${type} ${'x;'.repeat(7000)}packetization-mode=1`,
      ]),
      all,
    ),
  ],
  'lists that refer to themselves': [
    ...head([0]),
    ...section(
      0,
      PAYLOAD_TYPES.flatMap(type => [`a=rtpmap:${type} red/90000`, `a=fmtp:${type} ${`${type}/`.repeat(3000)}${type}`]),
      all,
    ),
  ],
  'candidates for all': [
    ...head(range(300)),
    ...section(0, [
      'a=rtpmap:96 VP8/90000',
      ...range(30_000).map(at => `a=candidate:${at} 1 udp 1 192.0.2.1 1 typ host`),
    ]),
    ...range(299).flatMap(at => [
      ...['m=video 0 UDP/TLS/RTP/SAVPF 96', 'c=IN IP4 0.0.0.0', `a=mid:${at + 1}`, 'a=bundle-only'],
      'a=rtpmap:96 VP8/90000',
    ]),
  ],
  'extensions of the session for all': [
    ...head(range(300), ...range(40_000).map(at => `a=extmap:${(at % 4351) + 1} urn:${at}`)),
    ...range(300).flatMap(mid => section(mid)),
  ],
  'fingerprints of the session for all': [
    ...head(range(300), ...range(15_000).map(() => TRANSPORT[3]!)),
    ...range(300).flatMap(mid => section(mid).filter(line => !line.startsWith('a=fingerprint'))),
  ],
  'SSRCs and groups of them': [
    ...head([0]),
    ...section(0, [
      'a=rtpmap:96 VP8/90000',
      ...range(20_000).map(ssrc => `a=ssrc:${ssrc} cname:x`),
      ...range(20_000).map(ssrc => `a=ssrc-group:FID ${ssrc} ${ssrc + 1}`),
    ]),
  ],
  'one long group': [
    ...head([0]),
    ...section(0, ['a=rtpmap:96 VP8/90000', 'a=ssrc:1 cname:x', `a=ssrc-group:SIM ${range(150_000).join(' ')}`]),
  ],
  'feedback for every codec': [
    ...head([0]),
    ...section(
      0,
      [...PAYLOAD_TYPES.map(type => `a=rtpmap:${type} VP8/90000`), ...range(40_000).map(() => 'a=rtcp-fb:* nack')],
      all,
    ),
  ],
  'formats without end': [...head([0]), ...section(0, undefined, '96 '.repeat(200_000).trim())],
  'streams without end': [
    ...head([0]),
    ...section(0, ['a=rtpmap:96 VP8/90000', ...range(40_000).map(at => `a=msid:s${at} t`)]),
  ],
}

// A square of these numbers would take minutes.
t.test('what is costly is answered all the same', t => {
  for (const [name, lines] of Object.entries(costly)) {
    const side = mediaSide('side')
    side.setRemote('offer', `${lines.join('\r\n')}\r\n`)
    takeAll(side)
    side.setLocal('answer', side.answer())
    side.negotiation.negotiationNeeded()
    side.setLocal('offer', side.offer())
    side.setLocal('rollback')
    t.equal(side.state, 'stable', name)
    for (const { negotiated, remote } of transceiversOf(side)) {
      t.ok((negotiated?.receive?.ssrcs.length ?? 0) <= 64 && (negotiated?.receive?.ssrcGroups.length ?? 0) <= 32)
      t.ok(remote.streamIds.length <= 64)
    }
  }
  t.end()
})

t.test('what contradicts itself is refused by name, and changes nothing', t => {
  const one = [...head([0]), ...section(0)]
  const cases: [name: string, code: string, lines: string[]][] = [
    ['two of one mid', 'InvalidAccessError', [...head([0]), ...section(0), ...section(0)]],
    ['a group of what is not there', 'InvalidAccessError', [...head(range(100_000)), ...section(0)]],
    ['two groups of one', 'InvalidAccessError', [...head([0], 'a=group:BUNDLE 0'), ...section(0)]],
    [
      'more m-sections than there may be',
      'sdp-syntax-error',
      [...head([]), ...range(385).flatMap(mid => section(mid))],
    ],
    ['more lines', 'sdp-syntax-error', [...one, ...range(70_000).map(() => 'a=x')]],
    ['more text', 'sdp-syntax-error', [...one, `a=x:${'y'.repeat(2 ** 21)}`]],
    ['an id of nothing', 'sdp-syntax-error', [...one, 'a=extmap:0 urn:x']],
    ['a payload type of nothing', 'sdp-syntax-error', [...one, 'a=rtpmap:128 VP8/90000']],
    ['an SSRC of nothing', 'sdp-syntax-error', [...one, 'a=ssrc:4294967296 cname:x']],
  ]
  for (const [name, code, lines] of cases) {
    const side = mediaSide('side', ['video'])
    try {
      side.setRemote('offer', `${lines.join('\r\n')}\r\n`)
      t.fail(name)
    } catch (error) {
      t.ok(error instanceof JsepError, name)
      t.equal((error as JsepError).code, code, name)
    }
    t.equal(side.state, 'stable')
    t.equal(transceiversOf(side).length, 1)
    t.equal(side.negotiation.pendingRemoteDescription, undefined)
  }
  t.end()
})

t.test('groups that lie about SSRCs say nothing', t => {
  const groups = ['FID 1 2', 'FID 1 1', 'FID 1 3', 'FID', 'FEC-FR 2 1']
  const lines = [
    'a=rtpmap:96 VP8/90000',
    'a=ssrc:1 cname:x',
    'a=ssrc:2 cname:x',
    ...groups.map(each => `a=ssrc-group:${each}`),
  ]
  const side = mediaSide('side')
  side.sendAnswer(`${[...head([0]), ...section(0, lines)].join('\r\n')}\r\n`)
  t.same(transceiversOf(side)[0]!.negotiated?.receive?.ssrcGroups, [
    { semantics: 'FID', ssrcs: [1, 2] },
    { semantics: 'FEC-FR', ssrcs: [2, 1] },
  ])
  t.end()
})
