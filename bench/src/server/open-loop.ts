/**
 * Clients that come at a constant rate, whatever becomes of those before, for a parent that sends orders.
 * Each waits so long and then leaves; beside them a probe comes ten times a second.
 */
import { performance } from 'node:perf_hooks'
import { Agent, request } from 'node:http'

/** What the parent asks for. */
export interface Order {
  readonly origin: string
  /** Requests a second. */
  readonly rate: number
  /** How long they come before they count, and then do, in seconds. */
  readonly warmUp: number
  readonly seconds: number
  readonly patienceMs: number
}

/** What became of those that counted. */
export interface Report {
  /** Answered with 200 a second, before their client had left. */
  readonly goodput: number
  /** Of those: the 99th percentile of how long that took, in milliseconds. */
  readonly p99: number
  readonly refused: number
  readonly left: number
  readonly probes: number
  readonly probesAnswered: number
}

type Fate = 'answered' | 'refused' | 'left'

function send(agent: Agent, url: string, patienceMs: number): Promise<Fate> {
  const { promise, resolve } = Promise.withResolvers<Fate>()
  const sent = request(url, { agent })
  const timer = setTimeout(() => sent.destroy(), patienceMs)
  sent.on('response', (response) => {
    response.resume()
    response.once('end', () => resolve(response.statusCode === 200 ? 'answered' : 'refused'))
  })
  sent.on('error', () => resolve('left'))
  sent.once('close', () => clearTimeout(timer))
  sent.end()
  return promise
}

async function play({ origin, rate, warmUp, seconds, patienceMs }: Order): Promise<Report> {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, maxFreeSockets: 4_096 })
  const fates: Record<Fate, number> = { answered: 0, refused: 0, left: 0 }
  const times: number[] = []
  const probes = { sent: 0, answered: 0 }
  const under: Promise<void>[] = []
  const startedAt = performance.now()
  const come = async (counts: boolean): Promise<void> => {
    const at = performance.now()
    const fate = await send(agent, `${origin}/work`, patienceMs)
    if (!counts) return
    fates[fate] += 1
    if (fate === 'answered') times.push(performance.now() - at)
  }
  const probe = async (): Promise<void> => {
    probes.sent += 1
    const fate = await send(agent, `${origin}/livez`, patienceMs)
    if (fate === 'answered') probes.answered += 1
  }
  const probing = setInterval(() => under.push(probe()), 100)
  const total = rate * (warmUp + seconds)
  for (let nth = 0; nth < total;) {
    const due = ((performance.now() - startedAt) / 1_000) * rate
    for (; nth < due && nth < total; nth += 1) under.push(come(nth >= rate * warmUp))
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  clearInterval(probing)
  await Promise.all(under)
  agent.destroy()
  times.sort((a, b) => a - b)
  return {
    goodput: fates.answered / seconds,
    p99: times[Math.floor(times.length * 0.99)] ?? 0,
    refused: fates.refused,
    left: fates.left,
    probes: probes.sent,
    probesAnswered: probes.answered,
  }
}

process.on('message', (order) => {
  void play(order as Order).then((report) => process.send?.(report))
})
