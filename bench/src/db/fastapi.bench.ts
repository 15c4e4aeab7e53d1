import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { createDatabase } from '@yuzuru/db'
import type { Benchmark } from '../benchmark.ts'
import { startPeer } from '../peer.ts'
import { quantileOf } from '../statistics.ts'
import { serveOffices } from './endpoint-server.ts'
import { type Schema, startWithOffices } from './schema.ts'

const CONNECTIONS = 10
const TIMES = 5
/** A turn of each is to last about as long. */
const REQUESTS = { ours: 4_000, theirs: 400 }

/** Debian's, for which the packages below are made. */
const PYTHON = '/usr/bin/python3'
const MODULES = 'fastapi, uvicorn, sqlalchemy, asyncpg'

/** Starts the app with one worker, as Node has one. Returns its origin. */
async function startFastApi(url: string, resources: AsyncDisposableStack): Promise<string> {
  const args = ['-m', 'uvicorn', 'fastapi-app:app', '--port', '0', '--no-access-log']
  const child: ChildProcess = spawn(PYTHON, args, {
    cwd: import.meta.dirname,
    env: {
      PATH: process.env['PATH'],
      PYTHONDONTWRITEBYTECODE: '1',
      BENCH_URL: url.replace(/^postgres(ql)?:/, 'postgresql+asyncpg:'),
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  resources.defer(async () => {
    const exited = once(child, 'exit')
    child.kill()
    await exited
  })
  if (child.stderr === null) throw new Error('Expected its standard error to be a pipe')
  for await (const line of createInterface(child.stderr)) {
    const [origin] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? []
    if (origin !== undefined) return origin
  }
  throw new Error('FastAPI did not start')
}

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'an endpoint of two indexed SELECTs, 100 clients, and the same on FastAPI and SQLAlchemy',
  bars: {
    'FastAPI / yuzuru': { atMost: 0.1 },
    'FastAPI / yuzuru, pipelined': { atMost: 0.1 },
  },
  async measure(resources) {
    if (spawnSync(PYTHON, ['-c', `import ${MODULES}`]).status !== 0) {
      process.stderr.write(`db/fastapi: skipped, for ${PYTHON} has not all of ${MODULES}\n`)
      return []
    }
    const url = await startWithOffices(resources)
    const options = { url, connections: CONNECTIONS }
    const db = resources.use(createDatabase<Schema>({ ...options, reads: 'pipelined' }))
    const pooled = resources.use(createDatabase<Schema>(options))
    const ours = await serveOffices(
      new Map([
        ['pipelined', db],
        ['pooled', pooled],
      ]),
      resources,
    )
    const theirs = await startFastApi(url, resources)
    const clients = resources.use(startPeer(import.meta.resolve('./load.ts')))
    const rateOf = async (origin: string, path: string, requests: number): Promise<number> => {
      const before = performance.now()
      const right = await clients.ask({ origin, path, requests })
      if (right !== requests) throw new Error(`${path} gave a wrong answer`)
      return (requests / (performance.now() - before)) * 1_000
    }
    const rates = { pooled: [] as number[], pipelined: [] as number[], theirs: [] as number[] }
    for (let time = -1; time < TIMES; time += 1) {
      const pooled = await rateOf(ours, '/pooled', REQUESTS.ours)
      const their = await rateOf(theirs, '/fastapi', REQUESTS.theirs)
      const pipelined = await rateOf(ours, '/pipelined', REQUESTS.ours)
      if (time < 0) continue
      rates.pooled.push(pooled)
      rates.theirs.push(their)
      rates.pipelined.push(pipelined)
    }
    const parts = (against: readonly number[]): number =>
      quantileOf(
        rates.theirs.map((their, time) => their / (against[time] ?? NaN)),
        0.5,
      )
    return [
      { name: 'FastAPI', value: quantileOf(rates.theirs, 0.5), unit: 'a second' },
      { name: 'yuzuru', value: quantileOf(rates.pooled, 0.5), unit: 'a second' },
      { name: 'yuzuru, pipelined', value: quantileOf(rates.pipelined, 0.5), unit: 'a second' },
      { name: 'FastAPI / yuzuru', value: parts(rates.pooled), unit: '×' },
      {
        name: 'FastAPI / yuzuru, pipelined',
        value: parts(rates.pipelined),
        unit: '×',
      },
    ]
  },
}
