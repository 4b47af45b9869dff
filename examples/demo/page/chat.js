/** Messages back and forth. */

const LONGEST_LOG = 200

export class Chat {
  #log = document.querySelector('#chat-log')
  #form = document.querySelector('#chat-form')
  #text = document.querySelector('#chat-text')
  #channel

  constructor() {
    this.#form.addEventListener('submit', event => {
      event.preventDefault()
      const text = this.#text.value
      if (text === '' || this.#channel?.readyState !== 'open') return
      this.#channel.send(text)
      this.#show(text, 'own')
      this.#text.value = ''
    })
  }

  /** @param {RTCDataChannel | undefined} channel */
  attach(channel) {
    this.#channel = channel
    for (const control of this.#form.elements) control.disabled = channel === undefined
    if (channel === undefined) return
    channel.onmessage = ({ data }) => this.#show(data, 'theirs')
  }

  #show(text, from) {
    const line = document.createElement('li')
    line.className = from
    line.textContent = text
    this.#log.append(line)
    while (this.#log.children.length > LONGEST_LOG) this.#log.firstChild.remove()
    this.#log.scrollTop = this.#log.scrollHeight
  }
}
