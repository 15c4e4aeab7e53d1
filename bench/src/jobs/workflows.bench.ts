import { DBOS } from '@dbos-inc/dbos-sdk'
import type { Benchmark } from '../benchmark.ts'
import { figuresOf, inTurns, ratioOf } from './in-turns.ts'
import { startDatabase } from './queues.ts'
import { AT_ONCE, Span, STEPS, type Timed, turn, workflows } from './three-steps.ts'

/** Rounds that do not count. */
const WARM_UP = 2

/** How many each does in a round. */
const OURS = 1_500
const STARTED = 300
const QUEUED = 60

const QUEUE = 'bench'
const FROM_QUEUE = 'yuzuru, three steps / DBOS, from its queue'
const BY_HAND = 'yuzuru, three steps / DBOS, ten at a time without its queue'

export const benchmark: Benchmark = {
  kind: 'measurement',
  title: 'jobs of three steps, each result kept, against DBOS',
  bars: { [FROM_QUEUE]: { atLeast: 8 } },
  async measure(resources) {
    const mine = await workflows(resources)
    const [queued, started] = await dbos(resources)
    const turns = [
      [mine, OURS],
      [queued, QUEUED],
      [started, STARTED],
    ] as const
    const contenders = turns.map(([queue, jobs]) => {
      return { name: queue.name, turn: () => turn(queue, jobs) }
    })
    const rates = await inTurns(contenders, WARM_UP)
    return [
      ...figuresOf(rates),
      ratioOf(rates, mine.name, queued.name, FROM_QUEUE),
      ratioOf(rates, mine.name, started.name, BY_HAND),
    ]
  },
}

/** DBOS: from a queue of its own with its defaults, ten at once, and without one, as its workflows end. */
async function dbos(resources: AsyncDisposableStack): Promise<readonly [Timed, Timed]> {
  const systemDatabaseUrl = await startDatabase(resources)
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl, logLevel: 'error', runAdminServer: false })
  const span = new Span()
  let done = 0
  const threeSteps = DBOS.registerWorkflow(
    (n: number) =>
      span.during(async () => {
        for (const name of STEPS) await DBOS.runStep(async () => ({ n }), { name })
        done += 1
      }),
    { name: 'three-steps' },
  )
  await DBOS.launch()
  resources.defer(() => DBOS.shutdown())
  await DBOS.registerQueue(QUEUE, { workerConcurrency: AT_ONCE })
  const queued: Timed = {
    name: 'DBOS, from its queue',
    span,
    async fill() {},
    async drain(jobs) {
      done = 0
      // It looks once a second: they are all there before the first begins, or soon after.
      const handles = await Promise.all(
        Array.from({ length: jobs }, (_, n) =>
          DBOS.startWorkflow(threeSteps, { queueName: QUEUE })(n),
        ),
      )
      await Promise.all(handles.map((handle) => handle.getResult()))
      return done
    },
  }
  const started: Timed = {
    name: 'DBOS, ten at a time without its queue',
    span,
    async fill() {},
    async drain(jobs) {
      done = 0
      const left = Array.from({ length: jobs }, (_, n) => n).values()
      const loop = async (): Promise<void> => {
        for (const n of left) await threeSteps(n)
      }
      await Promise.all(Array.from({ length: AT_ONCE }, loop))
      return done
    },
  }
  return [queued, started]
}
