/** The secrets of DTLS connections in the NSS key log format (SSLKEYLOGFILE), so that a capture can be decrypted. */

import type { TraceSink } from '../machine/index.ts'

/** @param write Takes each line with its line end. Whoever has it can read the connection: keep it accordingly. */
export const keyLogSink = (write: (text: string) => void): TraceSink => ({
  keyLog: line => write(`${line}\n`),
})
