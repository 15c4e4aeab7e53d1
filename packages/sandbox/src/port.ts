import type { Server } from 'node:net'

/** @throws {TypeError} unless it is a whole number from 0 to 65535. */
export function checkPort(port: number | undefined): void {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
    throw new TypeError(`Expected port to be a whole number from 0 to 65535, got ${port}`)
  }
}

/** The port that a listening TCP server got. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no port')
  return address.port
}
