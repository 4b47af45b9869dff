/** Puts a connection and the parts of the page together, and connects anew when asked or when the process is back. */

import { Camera } from './camera.js'
import { Chat } from './chat.js'
import { Connection } from './connection.js'
import { Facts } from './facts.js'
import { FileEcho } from './file.js'
import { milliseconds } from './format.js'
import { RoundTrip } from './round-trip.js'
import { Throughput } from './throughput.js'

const RETRY = 3000

const state = document.querySelector('#state')
const notice = document.querySelector('#notice')
const restart = document.querySelector('#restart')
const parts = { chat: new Chat(), ping: new RoundTrip(), bulk: new Throughput(), file: new FileEcho() }
const facts = new Facts()
const camera = new Camera()

/** @type {Connection | undefined} */
let connection
let retry

const show = (name, text = name) => {
  state.dataset.state = name
  state.textContent = text
}

const detach = () => {
  restart.disabled = true
  for (const part of Object.values(parts)) part.attach(undefined)
  camera.attach(undefined)
}

const connect = () => {
  clearTimeout(retry)
  const previous = connection
  connection = undefined
  detach()
  previous?.end()
  const current = new Connection()
  connection = current
  const listen = (type, take) =>
    current.addEventListener(type, event => {
      if (connection === current) take(event.detail)
    })
  listen('state', name => show(name, name === 'connected' && current.openTime ? opened(current) : name))
  listen('open', channel => {
    notice.hidden = true
    show('connected', opened(current))
    restart.disabled = false
    camera.attach(current.peer)
    parts[channel.label].attach(channel)
  })
  listen('stats', process => {
    facts.show(current.peer, process)
    camera.count(process.stats)
  })
  listen('stage', programme => camera.show(programme))
  listen('track', event => camera.take(event))
  listen('ended', () => {
    show('closed', 'not connected')
    detach()
    notice.textContent = 'The connection to the process has ended. Trying again every few seconds.'
    notice.hidden = false
    retry = setTimeout(connect, RETRY)
  })
}

const opened = ({ openTime }) => `connected in ${milliseconds(openTime)}`

document.querySelector('#reconnect').addEventListener('click', connect)
restart.addEventListener('click', () => connection?.restartIce())
addEventListener('pagehide', () => connection?.end())
addEventListener('pageshow', ({ persisted }) => persisted && connect())

if (typeof RTCPeerConnection === 'undefined') {
  notice.textContent = 'This browser has no WebRTC, or it is switched off.'
  notice.hidden = false
} else {
  connect()
}
