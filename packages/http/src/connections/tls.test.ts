import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttp } from '../http.ts'
import {
  AUTHORITY,
  CLIENT_CERT,
  CLIENT_KEY,
  SERVER_CERT,
  SERVER_KEY,
} from '../../test/certificates.ts'

let server: Server
let origin: string
const raw = new Set<Socket>()
let answer: (socket: TLSSocket) => void
beforeEach(async () => {
  const options = {
    cert: SERVER_CERT,
    key: SERVER_KEY,
    ca: AUTHORITY,
    requestCert: true,
    rejectUnauthorized: false,
  }
  server = createServer(options, (socket) => {
    socket.on('error', () => undefined).once('data', () => answer(socket))
  })
  server.on('connection', (socket: Socket) => raw.add(socket))
  server.on('tlsClientError', () => undefined)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  origin = `https://127.0.0.1:${(server.address() as { port: number }).port}`
  answer = (socket) => {
    const body = socket.authorized ? String(socket.getPeerCertificate().subject.CN) : 'nobody'
    socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  }
})
afterEach(async () => {
  for (const socket of raw) socket.destroy()
  raw.clear()
  await new Promise((resolve) => server.close(resolve))
})

describe('with tls', () => {
  test('an authority of one’s own is trusted, and no other', async () => {
    await using http = createHttp({ origin, tls: { ca: AUTHORITY } })
    expect(await (await http.request('/')).text()).toBe('nobody')
    await using stranger = createHttp({ origin, retry: false })
    await expect(stranger.request('/', { method: 'POST' })).rejects.toMatchObject({
      code: 'tls_failed',
      outcome: 'none',
    })
  })

  test('the client shows its certificate', async () => {
    const tls = { ca: [AUTHORITY], cert: CLIENT_CERT, key: CLIENT_KEY }
    await using http = createHttp({ origin, tls })
    expect(await (await http.request('/')).text()).toBe('client')
  })

  test('the certificate must be for the name', async () => {
    await using named = createHttp({ origin, tls: { ca: AUTHORITY, servername: 'secure.invalid' } })
    expect(await (await named.request('/')).text()).toBe('nobody')
    await using other = createHttp({
      origin,
      retry: false,
      tls: { ca: AUTHORITY, servername: 'other.invalid' },
    })
    await expect(other.request('/')).rejects.toMatchObject({ code: 'tls_failed' })
  })

  test.each([
    ['a certificate without its key', { cert: CLIENT_CERT }],
    ['a key without its certificate', { key: CLIENT_KEY }],
    ['a key that is none', { cert: CLIENT_CERT, key: 'SECRET' }],
    ['the key of another', { cert: CLIENT_CERT, key: SERVER_KEY }],
    ['a certificate that is none', { cert: 'SECRET', key: CLIENT_KEY }],
    ['an option that is none', { rejectUnauthorized: false }],
    ['no object', 'SECRET'],
  ])('a client with %s is refused at once', (_name, tls) => {
    let error: unknown
    try {
      createHttp({ tls: tls as never })
    } catch (reason) {
      error = reason
    }
    expect(error).toBeInstanceOf(TypeError)
    expect(String(error)).not.toContain('SECRET')
  })

  test('an answer without a length says so: a cut cannot be told from its end', async () => {
    answer = (socket) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nhello', () => {
        // The connection under TLS ends, but TLS does not, and Node tells nobody.
        for (const each of raw) each.end()
      })
    }
    await using http = createHttp({ origin, tls: { ca: AUTHORITY } })
    expect((await http.request('/')).isDelimited).toBe(false)
  })
})
