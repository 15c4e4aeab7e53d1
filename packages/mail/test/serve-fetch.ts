import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A web server on this machine over a `fetch` handler. */
export interface Served extends AsyncDisposable {
  readonly url: string
}

export async function serveFetch(
  fetch: (request: Request, info: { readonly incoming: IncomingMessage }) => Promise<Response>,
  address = '127.0.0.1',
): Promise<Served> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const { method = 'GET', url = '/', headers } = incoming
      const body = method === 'GET' ? null : await buffer(incoming)
      const sent = new Headers(headers as Record<string, string>)
      const request = new Request(`http://${headers.host}${url}`, { method, headers: sent, body })
      const response = await fetch(request, { incoming })
      outgoing.writeHead(response.status, Object.fromEntries(response.headers))
      outgoing.end(Buffer.from(await response.arrayBuffer()))
    })()
  })
  server.listen(0, address)
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
