/** Two RTCPeerConnections in one process exchange a message. */

import { RTCPeerConnection } from 'purertc'

const alice = new RTCPeerConnection()
const bob = new RTCPeerConnection()

// Signalling: here a function call, elsewhere a WebSocket or whatever carries text.
alice.onicecandidate = ({ candidate }) => bob.addIceCandidate(candidate)
bob.onicecandidate = ({ candidate }) => alice.addIceCandidate(candidate)
alice.onnegotiationneeded = async () => {
  await alice.setLocalDescription()
  await bob.setRemoteDescription(alice.localDescription!)
  await bob.setLocalDescription()
  await alice.setRemoteDescription(bob.localDescription!)
}

bob.ondatachannel = ({ channel }) => {
  channel.onmessage = ({ data }) => channel.send(`${data}, and good day to you`)
}

const channel = alice.createDataChannel('greetings')
channel.onopen = () => channel.send('Good day')
channel.onmessage = ({ data }) => {
  console.log(data)
  alice.close()
  bob.close()
}
