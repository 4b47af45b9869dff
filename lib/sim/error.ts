/** What a simulated platform refuses, by the code that a real one gives. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'

  constructor(
    /**
     * `EADDRINUSE`, `EADDRNOTAVAIL`, `ECONNREFUSED`, `ECONNRESET`, `EINVAL`, `ENETUNREACH`, `ETIMEDOUT`,
     * `DEPTH_ZERO_SELF_SIGNED_CERT`, `ERR_TLS_CERT_ALTNAME_INVALID`, `EPROTO` from a host; `stalled`, `limit`, `running`
     * from `Simulation.run`.
     */
    readonly code: string,
    message: string,
  ) {
    super(message)
  }
}
