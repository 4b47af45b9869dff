/**
 * Perfect negotiation (webrtc-pc, 10.7) on the W3C API alone, so that the same file runs in a browser's page and beside ours:
 * whoever changes something only changes it, and both may at once.
 */

/** @typedef {{ description?: object, candidate?: object | null }} Signal */

export class Negotiator {
  /** What went wrong, in the words of what threw. */
  errors = []
  #connection
  #polite
  #isMakingOffer = false
  #isIgnoring = false
  #received = Promise.resolve()

  /** @param {(signal: Signal) => void} send Told in order. */
  constructor(connection, polite, send) {
    this.#connection = connection
    this.#polite = polite
    connection.addEventListener('negotiationneeded', async () => {
      try {
        this.#isMakingOffer = true
        await connection.setLocalDescription()
        send({ description: connection.localDescription.toJSON() })
      } catch (error) {
        this.errors.push(`offering: ${error}`)
      } finally {
        this.#isMakingOffer = false
      }
    })
    connection.addEventListener('icecandidate', ({ candidate }) => {
      send({ candidate: candidate === null ? null : candidate.toJSON() })
    })
    this.send = send
  }

  /** Takes a signal, after those before it. */
  receive(signal) {
    this.#received = this.#received
      .then(() => this.#take(signal))
      .catch(error => void this.errors.push(`taking ${JSON.stringify(signal).slice(0, 60)}: ${error}`))
    return this.#received
  }

  async #take({ description, candidate }) {
    const connection = this.#connection
    if (description !== undefined) {
      const collides = description.type === 'offer' && (this.#isMakingOffer || connection.signalingState !== 'stable')
      this.#isIgnoring = collides && !this.#polite
      if (this.#isIgnoring) return
      await connection.setRemoteDescription(description)
      if (description.type !== 'offer') return
      await connection.setLocalDescription()
      this.send({ description: connection.localDescription.toJSON() })
    } else {
      try {
        await connection.addIceCandidate(candidate ?? undefined)
      } catch (error) {
        if (!this.#isIgnoring) throw error
      }
    }
  }
}
