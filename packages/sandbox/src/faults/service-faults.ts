import type { ServiceName } from '../service-name.ts'
import type { Target } from './connection.ts'
import { startFaultProxy, type FaultProxy } from './fault-proxy.ts'

/** Proxies in front of the sandbox's services. */
export interface ServiceFaults {
  /**
   * Starts a proxy in front of a running service; each call gives another one, so that tests do not meet each
   * other's faults. It is closed with the sandbox. S3, Stripe and Google speak `http`.
   *
   * @throws {Error} when the service was not started.
   * @example
   * await using proxy = await sandbox.faults.inFrontOf('postgres')
   * const url = proxy.url(sandbox.postgres.url)
   */
  inFrontOf(service: ServiceName): Promise<FaultProxy>
}

/** The faults of one sandbox. */
export interface OwnedFaults extends ServiceFaults {
  close(): Promise<void>
}

const TCP = new Set<ServiceName>(['postgres', 'smtp'])

/** `find` gives the address of a service, or throws. */
export function serviceFaults(find: (service: ServiceName) => Target): OwnedFaults {
  const proxies = new Set<FaultProxy>()
  return {
    async inFrontOf(service) {
      const proxy = await startFaultProxy({
        target: find(service),
        protocol: TCP.has(service) ? 'tcp' : 'http',
      })
      proxies.add(proxy)
      return proxy
    },
    async close() {
      await Promise.all([...proxies].map((proxy) => proxy.close()))
    },
  }
}
