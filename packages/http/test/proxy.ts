import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'

/** For tests: a proxy on 127.0.0.1 that tunnels (`CONNECT`) and forwards. */
export interface TestProxy extends AsyncDisposable {
  readonly url: string
  /** What it was asked for: `CONNECT host:port`, or method and whole URL, and its credentials. */
  readonly seen: readonly { readonly line: string; readonly credentials: string | undefined }[]
}

/** @param refusal a status to answer everything with */
export async function startTestProxy(refusal?: number): Promise<TestProxy> {
  const seen: { line: string; credentials: string | undefined }[] = []
  const open = new Set<Duplex>()
  const server = createServer((incoming, outgoing) => {
    const { method, url = '', headers } = incoming
    const { 'proxy-authorization': credentials, ...passed } = headers
    seen.push({ line: `${method} ${url}`, credentials })
    if (refusal !== undefined) {
      outgoing.writeHead(refusal).end()
      return
    }
    const onward = request(url, { method, headers: passed }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(outgoing)
    })
    onward.on('error', () => outgoing.destroy())
    incoming.pipe(onward)
  })
  server.on('connection', (socket) => {
    open.add(socket)
    socket.on('close', () => open.delete(socket)).on('error', () => undefined)
  })
  server.on('connect', (incoming, socket) => {
    const credentials = incoming.headers['proxy-authorization']
    seen.push({ line: `CONNECT ${incoming.url}`, credentials })
    if (refusal !== undefined) {
      socket.end(`HTTP/1.1 ${refusal} No\r\nContent-Length: 0\r\n\r\n`)
      return
    }
    // Whatever the name, it is here.
    const onward = connect(Number(incoming.url?.split(':').at(-1)), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket).pipe(onward)
    })
    open.add(onward)
    onward.on('error', () => socket.destroy())
    socket.on('error', () => onward.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    [Symbol.asyncDispose]: async () => {
      for (const socket of open) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
