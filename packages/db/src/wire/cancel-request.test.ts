import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CancelTarget, requestCancel } from './cancel-request.ts'

const server = createServer({ allowHalfOpen: true })
let target: CancelTarget

beforeEach(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  target = {
    host: '127.0.0.1',
    address: undefined,
    port,
    ssl: false,
    processId: 258,
    secretKey: -2,
  }
})

afterEach(async () => {
  server.close()
  await once(server, 'close')
})

async function arrival(): Promise<Socket> {
  const [socket] = (await once(server, 'connection')) as [Socket]
  return socket
}

describe('requestCancel', () => {
  test('sends the key, keeps the line open, and ends when the server has closed it', async () => {
    const arriving = arrival()
    const ended: string[] = []
    const cancel = requestCancel(target, new AbortController().signal).then(() => ended.push('us'))
    const socket = await arriving
    socket.once('end', () => ended.push('client hung up'))
    const [message] = (await once(socket, 'data')) as [Buffer]

    expect(message.toString('hex')).toBe('0000001004d2162e00000102fffffffe')
    // Whatever was written before this answer has arrived: a hang-up as well.
    await new Promise((resolve) => setImmediate(resolve))
    expect(ended).toEqual([])
    socket.end()
    await cancel
    expect(ended[0]).toBe('us')
  })

  test('ends when it is given up', async () => {
    const giveUp = new AbortController()
    const arriving = arrival()
    const cancel = requestCancel(target, giveUp.signal)
    const socket = await arriving
    await once(socket, 'data')

    giveUp.abort()

    await cancel
    socket.destroy()
  })

  test('ends when nobody is there', async () => {
    const signal = AbortSignal.timeout(20_000)

    await requestCancel({ ...target, port: 1 }, signal)

    expect(signal.aborted).toBe(false)
  })
})
