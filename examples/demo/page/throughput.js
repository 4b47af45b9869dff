/** As many bytes as the channel carries, in one direction or the other. */

import { bytes, rate } from './format.js'

const CHUNK = 64 << 10
const AHEAD = 4 << 20

export class Throughput {
  #size = document.querySelector('#bulk-size')
  #stop = document.querySelector('#bulk-stop')
  #buttons = { upload: document.querySelector('#upload'), download: document.querySelector('#download') }
  #channel
  /** @type {{ direction: 'upload' | 'download', total: number, done: number, unsent: number, began: number } | undefined} */
  #run

  constructor() {
    this.#buttons.upload.addEventListener('click', () => this.#begin('upload'))
    this.#buttons.download.addEventListener('click', () => this.#begin('download'))
    this.#stop.addEventListener('click', () => this.#cancel())
  }

  /** @param {RTCDataChannel | undefined} channel */
  attach(channel) {
    this.#channel = channel
    if (this.#run) this.#finish('interrupted')
    this.#enable()
    if (channel === undefined) return
    channel.bufferedAmountLowThreshold = AHEAD / 2
    channel.onbufferedamountlow = () => this.#fill()
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') this.#told(JSON.parse(data))
      else this.#came(data.byteLength)
    }
  }

  #enable() {
    const idle = this.#channel !== undefined && this.#run === undefined
    for (const button of Object.values(this.#buttons)) button.disabled = !idle
    this.#stop.disabled = this.#run === undefined
    this.#size.disabled = this.#run !== undefined
  }

  #begin(direction) {
    const total = Number(this.#size.value) * 1e6
    this.#run = { direction, total, done: 0, unsent: direction === 'upload' ? total : 0, began: performance.now() }
    this.#enable()
    this.#show(0, 'starting')
    this.#channel.send(JSON.stringify({ [direction]: total }))
    this.#fill()
  }

  #cancel() {
    if (this.#channel?.readyState === 'open') this.#channel.send(JSON.stringify({ stop: true }))
    this.#finish('stopped')
  }

  #finish(how) {
    this.#show(undefined, how)
    this.#run = undefined
    this.#enable()
  }

  #fill() {
    const run = this.#run
    if (!run) return
    const chunk = new Uint8Array(CHUNK)
    while (run.unsent > 0 && this.#channel.bufferedAmount < AHEAD) {
      const size = Math.min(run.unsent, CHUNK)
      this.#channel.send(size === CHUNK ? chunk : chunk.subarray(0, size))
      run.unsent -= size
    }
  }

  /** The process counts what the page sends. */
  #told({ received, ms, sent }) {
    const run = this.#run
    if (!run || sent) return
    run.done = received
    this.#progress(ms)
  }

  #came(size) {
    const run = this.#run
    if (run?.direction !== 'download') return
    if (run.done === 0) run.began = performance.now()
    run.done += size
    this.#progress(performance.now() - run.began)
  }

  #progress(ms) {
    const { done, total } = this.#run
    const text = `${bytes(done)} of ${bytes(total)}, ${rate(done, ms)}`
    if (done >= total) this.#finish(`${bytes(total)} in ${(ms / 1000).toFixed(2)} s: ${rate(total, ms)}`)
    else this.#show(done / total, text)
  }

  #show(share, text) {
    const { direction } = this.#run
    const progress = document.querySelector(`#${direction}-progress`)
    if (share !== undefined) progress.value = share
    else if (this.#run.done >= this.#run.total) progress.value = 1
    document.querySelector(`#${direction}-result`).textContent = text
  }
}
