/** UDP sockets for specifications of networks: each remembers what came, and from where. */

import { Packet } from '../../lib/bytes/index.ts'
import type { DatagramSocket } from '../../lib/machine/index.ts'
import { formatEndpoint } from '../../lib/sim/datagram.ts'
import type { SimulatedHost } from '../../lib/sim/index.ts'

export class Talker {
  socket!: DatagramSocket
  /** What came since it was last taken: `text from address:port`. */
  readonly #heard: string[] = []
  /** From where the last one came. */
  from = { address: '', port: 0 }

  static async open(host: SimulatedHost, address: string, port = 0): Promise<Talker> {
    const talker = new Talker()
    const receive = (bytes: Uint8Array, from: string, fromPort: number): void => {
      talker.from = { address: from, port: fromPort }
      talker.#heard.push(`${new TextDecoder().decode(bytes)} from ${formatEndpoint(from, fromPort)}`)
    }
    talker.socket = await host.openDatagram({ address, port, receive })
    return talker
  }

  say(text: string, { address, port }: { readonly address: string; readonly port: number }): void {
    this.socket.send(Packet.copy(new TextEncoder().encode(text)), address, port)
  }

  /** What has come, and forgets it. */
  take(): string[] {
    return this.#heard.splice(0)
  }
}
