/** A live plot of how long eight bytes take to the process and back. */

import { milliseconds } from './format.js'

const EVERY = 100
const SHOWN = 30_000
const LOST_AFTER = 2_000

export class RoundTrip {
  #canvas = document.querySelector('#rtt-plot')
  #figures = document.querySelector('#rtt-figures')
  #channel
  #timer
  /** Times at which those under way were sent, by their number. */
  #sent = new Map()
  /** @type {{ at: number, ms: number | undefined }[]} */
  #samples = []
  #number = 0
  #lost = 0

  constructor() {
    const draw = () => {
      this.#draw()
      requestAnimationFrame(draw)
    }
    requestAnimationFrame(draw)
  }

  /** @param {RTCDataChannel | undefined} channel */
  attach(channel) {
    clearInterval(this.#timer)
    this.#channel = channel
    this.#sent.clear()
    if (channel === undefined) return
    this.#samples = []
    this.#lost = 0
    channel.onmessage = ({ data }) => this.#answered(new DataView(data).getFloat64(0))
    this.#timer = setInterval(() => this.#ping(), EVERY)
  }

  #ping() {
    const now = performance.now()
    for (const [number, at] of this.#sent) {
      if (now - at < LOST_AFTER) break
      this.#sent.delete(number)
      this.#lost++
      this.#samples.push({ at, ms: undefined })
    }
    this.#samples = this.#samples.filter(({ at }) => now - at < SHOWN)
    this.#show()
    if (this.#channel.readyState !== 'open') return
    const message = new DataView(new ArrayBuffer(8))
    message.setFloat64(0, ++this.#number)
    this.#sent.set(this.#number, now)
    this.#channel.send(message)
  }

  #answered(number) {
    const at = this.#sent.get(number)
    if (at === undefined) return
    this.#sent.delete(number)
    this.#samples.push({ at, ms: performance.now() - at })
  }

  #show() {
    const times = this.#samples.flatMap(({ ms }) => ms ?? []).sort((a, b) => a - b)
    const last = this.#samples.findLast(({ ms }) => ms !== undefined)?.ms
    const of = share => times[Math.min(times.length - 1, Math.floor(times.length * share))]
    const text = ms => (ms === undefined ? '–' : milliseconds(ms))
    const figures = { last: text(last), median: text(of(0.5)), high: text(of(0.95)), lost: String(this.#lost) }
    for (const [name, figure] of Object.entries(figures)) {
      this.#figures.querySelector(`[data-figure=${name}]`).textContent = figure
    }
  }

  #draw() {
    const canvas = this.#canvas
    const scale = window.devicePixelRatio || 1
    const width = canvas.clientWidth
    const height = canvas.clientHeight
    if (width === 0) return
    if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
      canvas.width = Math.round(width * scale)
      canvas.height = Math.round(height * scale)
    }
    const style = getComputedStyle(document.documentElement)
    const colour = name => style.getPropertyValue(name)
    const c = canvas.getContext('2d')
    c.setTransform(scale, 0, 0, scale, 0, 0)
    c.clearRect(0, 0, width, height)

    // A single slow answer shall not flatten the others for half a minute: it is cut off.
    const times = this.#samples.flatMap(({ ms }) => ms ?? []).sort((a, b) => a - b)
    const top = ceiling(Math.max(1, 1.5 * (times[Math.floor(times.length * 0.95)] ?? 0)))
    const left = 58
    const bottom = height - 20
    const now = performance.now()
    const x = at => left + (width - left - 4) * (1 - (now - at) / SHOWN)
    const y = ms => bottom - (bottom - 8) * (ms / top)

    c.font = '12px system-ui, sans-serif'
    c.fillStyle = colour('--soft')
    c.strokeStyle = colour('--line')
    c.lineWidth = 1
    c.textBaseline = 'middle'
    c.textAlign = 'right'
    for (const share of [0, 0.5, 1]) {
      const level = Math.round(y(top * share)) + 0.5
      c.beginPath()
      c.moveTo(left, level)
      c.lineTo(width, level)
      c.stroke()
      c.fillText(`${top * share} ms`, left - 6, level)
    }
    c.textBaseline = 'bottom'
    c.textAlign = 'left'
    c.fillText('30 s ago', left, height)
    c.textAlign = 'right'
    c.fillText('now', width, height)

    c.save()
    c.beginPath()
    c.rect(left, 4, width - left, height)
    c.clip()
    const ordered = this.#samples.toSorted((a, b) => a.at - b.at)
    c.strokeStyle = colour('--accent')
    c.lineWidth = 1.75
    c.lineJoin = 'round'
    c.beginPath()
    let drawing = false
    for (const { at, ms } of ordered) {
      if (ms === undefined) {
        drawing = false
        continue
      }
      if (drawing) c.lineTo(x(at), y(ms))
      else c.moveTo(x(at), y(ms))
      drawing = true
    }
    c.stroke()
    c.fillStyle = colour('--bad')
    for (const { at, ms } of ordered) if (ms === undefined) c.fillRect(x(at) - 1, bottom - 8, 2, 8)
    c.restore()
  }
}

/** The next of 1, 2, 5, 10, 20, ... */
const ceiling = value => {
  const power = 10 ** Math.floor(Math.log10(value))
  return power * [1, 2, 5, 10].find(step => step * power >= value)
}
