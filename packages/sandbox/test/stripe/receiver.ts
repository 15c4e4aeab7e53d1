import { createServer, type Server } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'

import type { Stripe } from 'stripe'

interface Received {
  readonly body: string
  readonly signature: string
  readonly event: Stripe.Event
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: Received[]
}

/** An endpoint that keeps what comes and answers as the test says. */
export async function receiver(answer: (count: number) => number = () => 200): Promise<Receiver> {
  const received: Received[] = []
  const server: Server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => (body += chunk))
    request.on('end', () => {
      const signature = request.headers['stripe-signature'] as string
      received.push({ body, signature, event: JSON.parse(body) as Stripe.Event })
      response.writeHead(answer(received.length)).end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/hook`,
    received,
    async [Symbol.asyncDispose]() {
      server.close()
      await once(server, 'close')
    },
  }
}

/** The types of what came, in its order. */
export const types = (endpoint: Receiver): string[] =>
  endpoint.received.map(({ event }) => event.type)
