import {
  answerCodecs,
  answerFormatParameters,
  type Codec,
  formatParametersOf,
  isSameCodec,
  type PayloadCodec,
  pairCodecs,
  readFormatParameters,
  writeFormatParameters,
} from 'purertc/rtp'
import t from 'tap'
import { fixtureText } from '../fixture.ts'

const video = (encoding: string, sdpFmtpLine?: string): Codec => ({
  mimeType: `video/${encoding}`,
  clockRate: 90_000,
  ...(sdpFmtpLine === undefined ? {} : { sdpFmtpLine }),
})
const audio = (encoding: string, clockRate: number, channels?: number, sdpFmtpLine?: string): Codec => ({
  mimeType: `audio/${encoding}`,
  clockRate,
  ...(channels === undefined ? {} : { channels }),
  ...(sdpFmtpLine === undefined ? {} : { sdpFmtpLine }),
})
const typed = (payloadType: number, codec: Codec, ...feedback: string[]): PayloadCodec => ({
  ...codec,
  payloadType,
  feedback: feedback.map(text => {
    const [type, parameter] = text.split(' ')
    return parameter === undefined ? { type: type! } : { type: type!, parameter }
  }),
})
const same = (a: string, b: string, encoding = 'H264') => isSameCodec(video(encoding, a), video(encoding, b))

/** The codecs of the m-sections of one kind, as a browser's description lists them. */
const codecsOf = (path: string, kind: 'audio' | 'video'): PayloadCodec[] => {
  const section = fixtureText(`sdp/${path}`)
    .split(/\r?\n(?=m=)/)
    .find(text => text.startsWith(`m=${kind}`))!
  const attribute = (name: string, type: string) =>
    [...section.matchAll(new RegExp(`^a=${name}:${type} (.*?)\\r?$`, 'gm'))].map(match => match[1]!)
  const types = section.match(/^m=\S+ \S+ \S+ ([^\r\n]*)/)![1]!.split(' ')
  return types.map(type => {
    const [encoding, clockRate, channels] = attribute('rtpmap', type)[0]!.split('/')
    const sdpFmtpLine = attribute('fmtp', type)[0]
    return {
      mimeType: `${kind}/${encoding}`,
      clockRate: Number(clockRate),
      ...(channels === undefined ? {} : { channels: Number(channels) }),
      ...(sdpFmtpLine === undefined ? {} : { sdpFmtpLine }),
      payloadType: Number(type),
      feedback: attribute('rtcp-fb', type).map(text => ({ type: text })),
    }
  })
}

t.test('parameters are read whatever the spaces, the order and the case of names', t => {
  const read = (text: string) => Object.fromEntries(readFormatParameters(text))
  t.same(read(' Minptime=10; useinbandfec = 1;;'), { minptime: '10', useinbandfec: '1' })
  t.same(read('0-15'), { '': '0-15' })
  t.same(read('111/111'), { '': '111/111' })
  t.same(read('sprop-parameter-sets=Z0IAH5WoFAFuQA==,aM48gA==;a='), {
    'sprop-parameter-sets': 'Z0IAH5WoFAFuQA==,aM48gA==',
    a: '',
  })
  t.same(read('a=1;A=2'), { a: '1' })
  t.same(formatParametersOf(video('VP8')).size, 0)
  t.equal(writeFormatParameters(readFormatParameters('APT=96; x=y')), 'apt=96;x=y')
  t.equal(writeFormatParameters(readFormatParameters('0-15')), '0-15')
  t.equal(readFormatParameters('a=1;'.repeat(100_000)).size, 1)
  t.equal(readFormatParameters(Array.from({ length: 1000 }, (_, index) => `p${index}=1`).join(';')).size, 64)
  t.end()
})

t.test('H264 profiles are the same by table 5 of RFC 6184, whatever their level', t => {
  const level = 'profile-level-id='
  t.ok(same(`${level}42e01f`, `${level}42c00d`), 'constrained baseline, by two constraint bits more or less')
  t.ok(same(`${level}42e01f`, `${level}42E034`), 'digits of either case')
  t.ok(same(`${level}42e01f`, `${level}4d801f`), 'constrained baseline, written as main')
  t.ok(same(`${level}42e01f`, `${level}58c01f`), 'constrained baseline, written as extended')
  t.ok(same(`${level}42001f`, `${level}58801f`), 'baseline, written as extended')
  t.ok(same(`${level}4d001f`, `${level}4d401f`), 'main')
  t.ok(same(`${level}42a01e`, ''), 'baseline is what is not said')
  t.notOk(same(`${level}42e01f`, `${level}42001f`), 'constrained baseline is not baseline')
  t.notOk(same(`${level}42e01f`, ''))
  t.notOk(same(`${level}42e01f`, `${level}4d001f`))
  t.notOk(same(`${level}64001f`, `${level}640c1f`), 'high is not constrained high')
  t.notOk(same(`${level}f4001f`, `${level}f4101f`), 'nor its intra profile')
  t.notOk(same(`${level}42e0`, `${level}42e0`), 'what is no profile is not the same as itself')
  t.notOk(
    same(`${level}42e01f;packetization-mode=1`, `${level}42e01f`),
    'the packetization mode counts, 0 if it is not said',
  )
  t.ok(same(`${level}42e01f;packetization-mode=0`, `${level}42e01f`))
  t.ok(isSameCodec(video('H264', `${level}42e01f`), video('h264', `${level}42e01e`)))
  t.notOk(
    isSameCodec(video('H264', `${level}42e01f`), video('H264', `${level}42e01e`), true),
    'levels, where they are asked for',
  )
  t.ok(isSameCodec(video('H264', `${level}42f00b`), video('H264', `${level}42f00b`), true))
  t.notOk(isSameCodec(video('H264', `${level}42f00b`), video('H264', `${level}42e00b`), true), 'level 1b is not 1.1')
  t.end()
})

t.test('an answer for H264 has the level of both, or of each where both allow it', t => {
  const answer = (own: string, offered: string) =>
    Object.fromEntries(readFormatParameters(answerFormatParameters(video('H264', own), video('H264', offered))))
  const own = 'level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f'
  t.same(answer(own, 'profile-level-id=42e033;packetization-mode=1;level-asymmetry-allowed=1'), {
    'level-asymmetry-allowed': '1',
    'packetization-mode': '1',
    'profile-level-id': '42e01f',
  })
  t.same(answer(own, 'profile-level-id=42c00d;packetization-mode=1'), {
    'packetization-mode': '1',
    'profile-level-id': '42c00d',
  })
  t.same(answer(own, 'profile-level-id=42e033;packetization-mode=1')['profile-level-id'], '42e01f')
  t.same(
    answer(own, 'profile-level-id=42f00b;packetization-mode=1')['profile-level-id'],
    '42f00b',
    'level 1b is below 1.1',
  )
  t.same(answer('profile-level-id=64000b', 'profile-level-id=640009')['profile-level-id'], '640009')
  t.same(answer('profile-level-id=42e00a', 'profile-level-id=42f00b')['profile-level-id'], '42e00a')
  t.end()
})

t.test('H265, VP9 and AV1 are the same by profile and tier, with what holds where nothing is said', t => {
  t.ok(same('profile-id=1;level-id=120', '', 'H265'))
  t.ok(same('tx-mode=SRST;tier-flag=0;profile-space=0', 'level-id=180', 'H265'))
  t.notOk(same('profile-id=2', 'profile-id=1', 'H265'))
  t.notOk(same('tier-flag=1', '', 'H265'))
  t.notOk(same('tx-mode=MRST', '', 'H265'))
  t.equal(
    answerFormatParameters(video('H265', 'profile-id=1;level-id=150'), video('H265', 'level-id=120')),
    'profile-id=1;level-id=120',
  )
  t.equal(answerFormatParameters(video('H265', 'level-id=150'), video('H265')), 'level-id=93')
  t.ok(same('profile-id=0', '', 'VP9'))
  t.notOk(same('profile-id=2', '', 'VP9'))
  t.notOk(same('profile-id=2', 'profile-id=0', 'VP9'))
  t.ok(same('level-idx=5;profile=0;tier=0', '', 'AV1'))
  t.ok(same('level-idx=8', '', 'AV1'))
  t.notOk(same('profile=1', '', 'AV1'))
  t.notOk(same('tier=1', '', 'AV1'))
  t.notOk(isSameCodec(video('AV1', 'level-idx=8'), video('AV1'), true))
  t.equal(
    answerFormatParameters(video('AV1', 'level-idx=8;profile=0'), video('AV1', 'level-idx=6')),
    'level-idx=6;profile=0',
  )
  t.end()
})

t.test('audio is the same by name, clock and channels', t => {
  t.ok(
    isSameCodec(
      audio('opus', 48_000, 2, 'minptime=10;useinbandfec=1'),
      audio('OPUS', 48_000, 2, 'stereo=1;maxplaybackrate=48000'),
    ),
  )
  t.notOk(isSameCodec(audio('opus', 48_000, 2), audio('opus', 48_000)))
  t.ok(isSameCodec(audio('G722', 8000), audio('G722', 8000, 1)))
  t.notOk(isSameCodec(audio('telephone-event', 8000, 1, '0-15'), audio('telephone-event', 48_000)))
  t.ok(isSameCodec(audio('telephone-event', 8000, 1, '0-15'), audio('telephone-event', 8000, undefined, '0-16')))
  t.notOk(isSameCodec(audio('CN', 8000), audio('CN', 16_000)))
  t.notOk(isSameCodec(audio('red', 90_000), video('red')))
  t.equal(
    answerFormatParameters(
      audio('opus', 48_000, 2, 'minptime=10;useinbandfec=1'),
      audio('opus', 48_000, 2, 'stereo=1'),
    ),
    'minptime=10;useinbandfec=1',
    'what a receiver prefers is its own',
  )
  t.end()
})

t.test('rtx and red are what they refer to', t => {
  const own = [
    typed(96, video('VP8'), 'nack', 'nack pli', 'transport-cc'),
    typed(97, video('rtx', 'apt=96')),
    typed(98, video('VP9', 'profile-id=0'), 'nack'),
    typed(99, video('rtx', 'apt=98')),
  ]
  const theirs = [
    typed(121, video('rtx', 'apt=120')),
    typed(120, video('VP9'), 'nack', 'ccm fir'),
    typed(103, video('rtx', 'apt=102')),
    typed(104, video('rtx', 'apt=no')),
    typed(105, video('rtx')),
    typed(102, video('H264', 'profile-level-id=42e01f')),
  ]
  t.same(
    pairCodecs(own, theirs).map(pair => [pair.own.payloadType, pair.theirs.payloadType]),
    [
      [99, 121],
      [98, 120],
    ],
  )
  t.same(answerCodecs(own, theirs), [
    typed(121, video('rtx', 'apt=120')),
    typed(120, video('VP9', 'profile-id=0'), 'nack'),
  ])
  t.same(
    answerCodecs(own, theirs, 'own').map(codec => codec.payloadType),
    [120, 121],
  )
  const twice = [typed(100, video('VP8')), typed(101, video('VP8')), typed(102, video('rtx', 'apt=101'))]
  t.same(
    answerCodecs(own, twice).map(({ payloadType }) => payloadType),
    [100],
    'one is enough, and rtx is for that one',
  )
  const opus = audio('opus', 48_000, 2)
  const red = (list?: string) => audio('red', 48_000, 2, list)
  const ownAudio = [typed(111, opus), typed(63, red('111/111')), typed(0, audio('PCMU', 8000))]
  const answer = (offered: PayloadCodec[]) =>
    answerCodecs(ownAudio, offered).map(codec => [codec.payloadType, codec.sdpFmtpLine])
  t.same(answer([typed(96, opus), typed(97, red('96/96'))]), [
    [96, undefined],
    [97, '96/96'],
  ])
  t.same(answer([typed(97, red('96/96')), typed(0, audio('PCMU', 8000))]), [[0, undefined]], 'its primary is not there')
  t.same(answer([typed(96, opus), typed(0, audio('PCMU', 8000)), typed(97, red('0/0'))]), [
    [96, undefined],
    [0, undefined],
  ])
  t.end()
})

t.test('browsers have in common what they have in common', t => {
  const chromium = codecsOf('chromium-156/audio-video-sendrecv.offer.sdp', 'video')
  const firefox = codecsOf('firefox-esr-153/audio-video-sendrecv.offer.sdp', 'video')
  t.equal(pairCodecs(chromium, chromium).length, chromium.length, 'each is itself')
  t.ok(pairCodecs(chromium, chromium).every(pair => pair.own === pair.theirs))
  t.equal(pairCodecs(firefox, firefox).length, firefox.length)
  const answer = answerCodecs(chromium, firefox)
  const encodings = (codecs: readonly Codec[]) => codecs.map(({ mimeType }) => mimeType.slice(6))
  t.same(
    answer.map(({ payloadType }) => payloadType),
    firefox
      .filter(codec => answer.some(other => other.payloadType === codec.payloadType))
      .map(({ payloadType }) => payloadType),
  )
  for (const codec of answer) {
    const offered = firefox.find(({ payloadType }) => payloadType === codec.payloadType)!
    t.ok(isSameCodec(codec, offered), codec.mimeType)
    if (codec.mimeType !== 'video/rtx') continue
    t.equal(formatParametersOf(codec).get('apt'), formatParametersOf(offered).get('apt'))
  }
  t.ok(encodings(answer).includes('VP8'))
  t.ok(encodings(answer).includes('rtx'))
  const heard = answerCodecs(
    codecsOf('chromium-156/audio-video-sendrecv.offer.sdp', 'audio'),
    codecsOf('firefox-esr-153/audio-video-sendrecv.offer.sdp', 'audio'),
  )
  t.same(
    heard.map(({ mimeType, clockRate }) => `${mimeType}/${clockRate}`),
    ['audio/opus/48000', 'audio/G722/8000', 'audio/PCMU/8000', 'audio/PCMA/8000', 'audio/telephone-event/8000'],
  )
  t.equal(heard[0]!.sdpFmtpLine, 'minptime=10;useinbandfec=1')
  t.end()
})
