import { readdirSync } from 'node:fs'
import t, { type Test } from 'tap'
import { formatSdp, parseSdp, SdpError, type SessionDescription } from '../../lib/sdp/index.ts'
import { fixtureText } from '../fixture.ts'

const files = (folder: string): string[] =>
  readdirSync(`fixtures/${folder}`)
    .filter(name => name.endsWith('.sdp'))
    .map(name => `${folder}/${name}`)

/** A description without the line numbers, which say where it was read. */
const content = (description: SessionDescription) => ({
  ...description,
  media: description.media.map(({ line: _, ...media }) => media),
})

const roundTrip = (t: Test, name: string, anyOrder: boolean): void => {
  const read = parseSdp(fixtureText(name), { anyOrder })
  const written = formatSdp(read)
  t.same(content(parseSdp(written, { anyOrder })), content(read), name)
  t.equal(formatSdp(parseSdp(written, { anyOrder })), written, `${name}: written alike`)
}

t.test('what browsers and other stacks write is read, and written again line by line', t => {
  for (const name of [...files('sdp/chromium-156'), ...files('sdp/firefox-esr-153'), ...files('sdp/peers')]) {
    roundTrip(t, name, false)
    // Three spellings are not kept: Chromium's space before WMS, libdatachannel's comma, and pion's spaces at the end.
    const normal = fixtureText(name)
      .replace('msid-semantic: ', 'msid-semantic:')
      .replace('ice2,trickle', 'ice2 trickle')
      .replace(/ +\r\n/g, '\r\n')
    t.equal(formatSdp(parseSdp(fixtureText(name))), normal, name)
  }
  t.end()
})

/** Samples that break the grammar: the code and the line, and the line where any order is allowed. */
const broken: Record<string, [code: string, line: number, anyOrder?: number]> = {
  'alac.sdp': ['attribute', 7, 7], // a=rtpmap without a clock rate
  'extmap-encrypt.sdp': ['order', 5], // c= behind t=
  'invalid.sdp': ['order', 10, 10], // f=
  'mediaclk-avbtp.sdp': ['order', 3], // c= before s=
  'mediaclk-ptp-v2-w-rate.sdp': ['order', 3],
  'mediaclk-ptp-v2.sdp': ['order', 3],
  'mediaclk-rtp.sdp': ['order', 3],
  'normal.sdp': ['order', 5], // c= behind t=
  'onvif.sdp': ['order', 4], // no t=
  'simulcast.sdp': ['order', 5, 28], // c= behind t=; a=simulcast of an old draft
  'st2110-20.sdp': ['attribute', 23, 23], // a=mid with a semicolon
  'tcp-active.sdp': ['order', 4], // no t=
  'tcp-passive.sdp': ['order', 4],
}

t.test('collected samples are read, or refused at the line that breaks the grammar', t => {
  const samples = files('sdp/sdp-transform')
  t.equal(samples.length, 25)
  for (const name of samples) {
    const [code, line, anyOrder] = broken[name.split('/').at(-1)!] ?? []
    if (line === undefined) roundTrip(t, name, false)
    else t.throws(() => parseSdp(fixtureText(name)), { name: 'SdpError', code, line }, name)
    if (anyOrder === undefined) roundTrip(t, name, true)
    else t.throws(() => parseSdp(fixtureText(name), { anyOrder: true }), { name: 'SdpError', line: anyOrder }, name)
  }
  t.end()
})

t.test('a fuzzer’s corpus is read, or refused with a line', t => {
  const corpus = files('libwebrtc-fuzz-corpora/sdp')
  t.ok(corpus.length > 60)
  for (const name of corpus) {
    try {
      roundTrip(t, name, false)
    } catch (error) {
      const lines = fixtureText(name).split('\n').length
      if (!(error instanceof SdpError)) throw error
      t.ok(error.line >= 1 && error.line <= lines + 1, `${name}: ${error.message}`)
    }
  }
  t.end()
})

t.test('a description read is a description in hand', t => {
  const { origin, attributes, media } = parseSdp(fixtureText('sdp/chromium-156/audio-video-data.offer.sdp'))
  t.equal(origin.sessionId, '4615132400139023727')
  t.same(attributes[0], { name: 'group', value: { semantics: 'BUNDLE', mids: ['0', '1', '2'] } })
  t.same(
    media.map(({ kind, port, protocol, line }) => ({ kind, port, protocol, line })),
    [
      { kind: 'audio', port: 34709, protocol: 'UDP/TLS/RTP/SAVPF', line: 8 },
      { kind: 'video', port: 42962, protocol: 'UDP/TLS/RTP/SAVPF', line: media[1]!.line },
      { kind: 'application', port: 36092, protocol: 'UDP/DTLS/SCTP', line: media[2]!.line },
    ],
  )
  const lines = fixtureText('sdp/chromium-156/audio-video-data.offer.sdp').split('\r\n')
  for (const { kind, line } of media) t.match(lines[line! - 1], `m=${kind} `)
  t.end()
})
