import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { Agent, type IncomingMessage, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { dialogueRuns } from '@yuzuru/tooling/dialogues'
import { describe, expect, onTestFinished, test } from 'vitest'
import { statusesIn } from '../../test/raw-exchange.ts'

/*
 * Two processes on one port, replaced one after the other while clients send without pause.
 * `YUZURU_RUNS=10000 pnpm test src/listening/rolling-restart.test.ts` has so many requests.
 */

const PROGRAMS = join(import.meta.dirname, '../../test')

/** Processes on one port, and a way to replace the oldest by a new one. */
interface Fleet {
  readonly port: number
  replace(): Promise<void>
}

const begin = (program: string, args: readonly string[]): ChildProcess => {
  const child = fork(join(PROGRAMS, program), args)
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

/** Each process has a listening socket of its own; the system shares the connections out. */
async function ownSockets(): Promise<Fleet> {
  const start = async (port: number): Promise<readonly [ChildProcess, number]> => {
    const child = begin('shared-port-process.ts', [String(port)])
    const [message] = (await once(child, 'message')) as [{ port: number }]
    return [child, message.port]
  }
  const [first, port] = await start(0)
  const processes = [first, (await start(port))[0]]
  const replace = async (): Promise<void> => {
    processes.push((await start(port))[0])
    const old = processes.shift()
    const exited = old && once(old, 'exit')
    old?.kill('SIGTERM')
    expect(await exited).toEqual([143, null])
  }
  return { port, replace }
}

/** The processes take connections from one socket, which is their parent's (`node:cluster`). */
async function oneSocket(): Promise<Fleet> {
  const parent = begin('workers-process.ts', [])
  const [{ port }] = (await once(parent, 'message')) as [{ port: number }]
  // A killed parent would leave its workers behind.
  onTestFinished(() => parent.disconnect())
  const replace = async (): Promise<void> => {
    parent.send('replace one')
    expect((await once(parent, 'message'))[0]).toEqual({ replaced: 143 })
  }
  return { port, replace }
}

/** Sends requests until it is over; counts those that were answered, and keeps the failures. */
interface Progress {
  answered: number
  isOver: boolean
  readonly failures: unknown[]
}

type Client = (port: number, progress: Progress) => Promise<void>

const oneByOne =
  (options: { readonly keeps: boolean }): Client =>
  async (port, progress) => {
    const agent = options.keeps ? new Agent({ keepAlive: true, maxSockets: 1 }) : false
    while (!progress.isOver) {
      try {
        const sent = httpRequest({ port, host: '127.0.0.1', agent })
        sent.end()
        const [answer] = (await once(sent, 'response')) as [IncomingMessage]
        expect([answer.statusCode, await text(answer)]).toEqual([200, expect.any(String)])
        progress.answered += 1
      } catch (error) {
        progress.failures.push(error)
      }
    }
    if (agent !== false) agent.destroy()
  }

const ONE = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const PIPELINED = 10

/**
 * Ten requests at once on one connection. What stands behind an answer that says `Connection: close` was not
 * begun (RFC 9112, 9.6), and is sent again; whatever else is without an answer has failed.
 */
const pipelined: Client = async (port, progress) => {
  while (!progress.isOver) {
    const socket = connect(port, '127.0.0.1').setEncoding('latin1')
    let owed = 0
    let isLast = false
    const send = (): void => {
      owed = PIPELINED
      socket.write(ONE.repeat(PIPELINED))
    }
    send()
    try {
      for await (const chunk of socket) {
        const answers = statusesIn(String(chunk))
        if (answers.some((status) => status !== 200)) throw new Error(String(chunk))
        progress.answered += answers.length
        owed -= answers.length
        isLast ||= /connection: close/i.test(String(chunk))
        if (isLast) continue
        if (owed === 0 && progress.isOver) break
        if (owed === 0) send()
      }
      if (owed > 0 && !isLast) throw new Error(`Expected ${owed} more answers`)
    } catch (error) {
      progress.failures.push(error)
    }
    socket.destroy()
  }
}

const CASES: readonly [string, () => Promise<Fleet>, Client][] = [
  ['kept connections', ownSockets, oneByOne({ keeps: true })],
  ['pipelining', ownSockets, pipelined],
  ['a socket of their parent’s, kept connections', oneSocket, oneByOne({ keeps: true })],
  ['a socket of their parent’s, pipelining', oneSocket, pipelined],
  ['a socket of their parent’s, Connection: close', oneSocket, oneByOne({ keeps: false })],
]

const RESTARTS = 2

describe('a rolling restart of two processes on one port', () => {
  const { runs, timeout } = dialogueRuns(600)

  test.each(CASES)('has no request fail: %s', { timeout }, async (_how, start, client) => {
    const fleet = await start()
    const progress: Progress = { answered: 0, isOver: false, failures: [] }
    const clients = Array.from({ length: 4 }, () => client(fleet.port, progress))
    for (let restart = 1; restart <= RESTARTS; restart += 1) await fleet.replace()
    while (progress.answered < runs && progress.failures.length === 0) {
      await new Promise((resolve) => void setImmediate(resolve))
    }
    progress.isOver = true
    await Promise.all(clients)
    expect(progress.failures).toEqual([])
    if (process.env['YUZURU_RUNS'] !== undefined) {
      console.log(`${progress.answered} requests, ${progress.failures.length} failures`)
    }
  })
})
