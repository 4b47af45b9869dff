/** A file goes to the process and comes back; three SHA-256 are compared: ours, the process's, and of what came back. */

import { bytes, rate } from './format.js'

const CHUNK = 64 << 10
/** Bytes on their way to the process and back at most. */
const UNDER_WAY = 2 << 20
const LARGEST = 256e6

const hex = buffer => Array.from(new Uint8Array(buffer), byte => byte.toString(16).padStart(2, '0')).join('')
const sha256 = async buffer => hex(await crypto.subtle.digest('SHA-256', buffer))

export class FileEcho {
  #drop = document.querySelector('#drop')
  #input = document.querySelector('#file-input')
  #progress = document.querySelector('#file-progress')
  #result = document.querySelector('#file-result')
  #channel
  #run

  constructor() {
    const drop = this.#drop
    for (const type of ['dragenter', 'dragover']) {
      drop.addEventListener(type, event => {
        event.preventDefault()
        drop.classList.add('over')
      })
    }
    drop.addEventListener('dragleave', () => drop.classList.remove('over'))
    drop.addEventListener('drop', event => {
      event.preventDefault()
      drop.classList.remove('over')
      if (event.dataTransfer.files[0]) this.#send(event.dataTransfer.files[0])
    })
    // A file dropped beside the field would replace the page.
    for (const type of ['dragover', 'drop']) window.addEventListener(type, event => event.preventDefault())
    drop.addEventListener('keydown', event => {
      if (event.key === 'Enter' || event.key === ' ') this.#input.click()
    })
    this.#input.addEventListener('change', () => {
      if (this.#input.files[0]) this.#send(this.#input.files[0])
      this.#input.value = ''
    })
  }

  /** @param {RTCDataChannel | undefined} channel */
  attach(channel) {
    this.#channel = channel
    this.#input.disabled = channel === undefined
    if (this.#run) {
      this.#run = undefined
      this.#show([['', 'interrupted', 'bad']])
    }
    if (channel === undefined) return
    channel.onmessage = ({ data }) => {
      if (typeof data === 'string') this.#finish(JSON.parse(data))
      else this.#came(data)
    }
  }

  /** @param {File} file */
  async #send(file) {
    if (this.#run || this.#channel?.readyState !== 'open') return
    if (file.size > LARGEST) return this.#show([[file.name, `is larger than ${bytes(LARGEST)}`, 'bad']])
    const run = { file, content: new Uint8Array(), back: undefined, sent: 0, came: 0, began: performance.now() }
    this.#run = run
    this.#progress.value = 0
    this.#show([[file.name, `${bytes(file.size)}, reading`]])
    try {
      run.content = new Uint8Array(await file.arrayBuffer())
    } catch (error) {
      this.#run = undefined
      return this.#show([[file.name, `cannot be read: ${error.message}`, 'bad']])
    }
    if (this.#run !== run) return
    run.back = new Uint8Array(run.content.length)
    run.began = performance.now()
    this.#channel.send(JSON.stringify({ name: file.name, size: run.content.length }))
    this.#more()
  }

  #more() {
    const run = this.#run
    while (run.sent < run.content.length && run.sent - run.came < UNDER_WAY) {
      const end = Math.min(run.sent + CHUNK, run.content.length)
      this.#channel.send(run.content.subarray(run.sent, end))
      run.sent = end
    }
  }

  #came(data) {
    const run = this.#run
    if (!run?.back) return
    run.back.set(new Uint8Array(data).subarray(0, run.back.length - run.came), run.came)
    run.came += data.byteLength
    this.#progress.value = run.came / run.content.length
    this.#more()
  }

  async #finish({ sha256: theirs }) {
    const run = this.#run
    if (!run?.back) return
    const ms = performance.now() - run.began
    const [ours, back] = await Promise.all([sha256(run.content), sha256(run.back)])
    if (this.#run !== run) return
    this.#run = undefined
    this.#progress.value = 1
    const same = ours === theirs && ours === back && run.came === run.content.length
    this.#show([
      [
        run.file.name,
        `${bytes(run.file.size)} there and back in ${(ms / 1000).toFixed(2)} s, ${rate(run.file.size, ms)} each way`,
      ],
      ['sent', ours, 'code'],
      ['arrived', theirs, 'code'],
      ['came back', back, 'code'],
      ['SHA-256', same ? 'all three are the same' : 'THEY DIFFER', same ? 'good' : 'bad'],
    ])
  }

  /** @param {string[][]} lines name, text, class */
  #show(lines) {
    this.#result.replaceChildren(
      ...lines.flatMap(([name, text, style]) => {
        const term = document.createElement('dt')
        const description = document.createElement('dd')
        term.textContent = name
        if (style === 'code') description.append(Object.assign(document.createElement('code'), { textContent: text }))
        else Object.assign(description, { textContent: text, className: style ?? '' })
        return [term, description]
      }),
    )
  }
}
