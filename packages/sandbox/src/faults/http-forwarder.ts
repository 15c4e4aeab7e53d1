import { once } from 'node:events'
import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { finished } from 'node:stream/promises'
import { portOf } from '../port.ts'
import type { Target } from './connection.ts'
import type { FaultState } from './fault-state.ts'

/** They are about one connection, not about the message (RFC 9110, 7.6.1). Framing is kept: the body is not touched. */
const HOP_BY_HOP = new Set(['connection', 'keep-alive', 'proxy-connection', 'upgrade'])

function endToEnd(rawHeaders: readonly string[]): string[] {
  const kept: string[] = []
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2)
    if (!HOP_BY_HOP.has(name.toLowerCase())) kept.push(name, value)
  }
  return kept
}

/** Answers in the server's place, once the request has been read. */
function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  status: NonNullable<ReturnType<FaultState['takeStatus']>>,
): void {
  const reply = (): void => {
    if (status.retryAfterSeconds !== undefined) {
      outgoing.setHeader('Retry-After', status.retryAfterSeconds)
    }
    outgoing.writeHead(status.code)
    outgoing.end(status.body)
  }
  incoming.resume()
  // Who asks first (Expect: 100-continue) sends no body before an answer.
  if (incoming.headers.expect) reply()
  else incoming.once('end', reply)
}

function forward(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  target: Target,
  state: FaultState,
): void {
  const line = `${incoming.method} ${incoming.url}`
  const { generation } = state
  const cut = (): void => {
    incoming.socket.resetAndDestroy()
  }
  // A connection a request: a kept one could be closed by the server just as the next request leaves. And
  // yet one that it keeps open, as it would cut off the rest of a request that it has answered early.
  const agent = new Agent({ keepAlive: true })
  const upstream = request({
    ...target,
    agent,
    setHost: false,
    method: incoming.method,
    path: incoming.url,
    headers: endToEnd(incoming.rawHeaders),
  })
  let answered = false
  upstream.on('error', () => {
    if (!answered) cut()
  })
  upstream.on('continue', () => outgoing.writeContinue())
  upstream.on('response', (response) => {
    const { dropReply } = state.faults
    const drop =
      generation === state.generation &&
      dropReply !== undefined &&
      line.includes(dropReply.when ?? '') &&
      state.takeReply()
    if (drop) {
      response.resume()
      void finished(response).then(cut, cut)
      return
    }
    outgoing.sendDate = false
    outgoing.writeHead(
      response.statusCode ?? 502,
      response.statusMessage,
      endToEnd(response.rawHeaders),
    )
    response.on('error', cut)
    response.on('end', () => {
      answered = true
    })
    response.pipe(outgoing)
  })
  // Answered, or the client left: then the server shall know.
  outgoing.on('close', () => {
    incoming.unpipe(upstream)
    incoming.resume()
    upstream.destroy()
    agent.destroy()
  })
  incoming.pipe(upstream)
}

/** A plain HTTP forwarder that knows where requests begin and end. */
export interface HttpForwarder {
  target: Target
  close(): Promise<void>
}

/** Starts a forwarder to `target`. Headers and bodies pass as they are; `Host` too, so that signatures hold. */
export async function startHttpForwarder(
  target: Target,
  state: FaultState,
): Promise<HttpForwarder> {
  const handle = (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    const status = state.takeStatus(`${incoming.method} ${incoming.url}`)
    if (status) answer(incoming, outgoing, status)
    else forward(incoming, outgoing, target, state)
  }
  const server = createServer({ requestTimeout: 0, keepAliveTimeout: 0 }, handle)
  server.on('checkContinue', handle)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    target: { host: '127.0.0.1', port: portOf(server) },
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}
