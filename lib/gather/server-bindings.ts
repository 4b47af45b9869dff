/** The server-reflexive candidates that one server gives us: a Binding request from each socket (RFC 8445, 5.1.1.2). */

import type { StunAddress } from '../stun/index.ts'
import { BindingFlow } from './binding-flow.ts'
import type { HostSocket } from './host-socket.ts'
import type { ServerAttempts } from './server-attempts.ts'
import { UNREACHABLE } from './server-attempts.ts'
import type { ServerContext } from './server-context.ts'
import { announceReflexive } from './server-context.ts'
import { udpLink } from './server-link.ts'
import { askInTurn, isFailure, type OpenLink } from './server-redirects.ts'

export class ServerBindings {
  readonly #context: ServerContext
  readonly #url: string
  /** What gives up a binding: that stands, or that is asked for. */
  readonly #kept = new Set<() => void>()
  readonly #asking = new Set<() => void>()
  /** Bindings that are asked for before a `rest` are not kept. */
  #rests = 0
  #closed = false

  constructor(context: ServerContext, url: string) {
    this.#context = context
    this.#url = url
  }

  /** Asks from a socket; keeps what it gets until `rest`. */
  async ask(socket: HostSocket, targets: readonly StunAddress[], attempts: ServerAttempts): Promise<void> {
    const { host, crypto } = this.#context
    const open: OpenLink = async to => udpLink(socket, to, true) ?? { code: UNREACHABLE, text: 'the socket is closed' }
    const question = {
      open,
      isOver: () => this.#closed,
      ask: async (link: Exclude<ReturnType<typeof udpLink>, undefined>, to: StunAddress) => {
        const flow = new BindingFlow(host, crypto, packet => link.send(packet))
        link.user = flow
        const release = (): void => {
          flow.close()
          link.close()
        }
        const rests = this.#rests
        this.#asking.add(release)
        const result = await flow.ask()
        this.#asking.delete(release)
        if (isFailure(result) || rests !== this.#rests) release()
        else this.#kept.add(release)
        if (isFailure(result)) return result
        if (!this.#closed) announceReflexive(this.#context, this.#url, socket, result.mapped, to.address)
        return undefined
      },
    }
    await askInTurn(question, targets, attempts)
  }

  /** What stands need not be kept any longer. What is still asked for is waited for, and told. */
  rest(): void {
    this.#rests++
    for (const release of this.#kept) release()
    this.#kept.clear()
  }

  close(): void {
    this.#closed = true
    this.rest()
    for (const release of this.#asking) release()
  }
}
