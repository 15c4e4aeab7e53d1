import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kysely } from 'kysely'
import { defineJob } from '../src/job/define-job.ts'
import type { Job } from '../src/job/job.ts'
import { enqueueFlow } from '../src/queue/enqueue-flow.ts'
import { sendEvent } from '../src/queue/send-event.ts'

export interface EffectsSchema {
  readonly effects: { readonly root: string; readonly what: string }
}

/** At which of its places the process of one of its jobs ends, and the name of the whole. */
interface DyingFlow {
  readonly root: string
  readonly dieAt: number
}

/** At which it is worth the start of a process: in the middle of each transaction, and before the last of a flow. */
export const FLOW_PLACES: readonly number[] = [0, 1, 4, 6, 7]

/** What a root does once, in whatever order it dies. */
export const EFFECTS: readonly string[] = [
  'child',
  'first 1',
  'first 2',
  'done',
  'got sent by itself',
]

/**
 * The jobs of a parent that runs a child, waits for an event that it has sent itself, and enqueues a flow: all of
 * it in transactions. Each place ends the process once: `folder` has a file for each that did.
 */
export function dyingFlow(db: Kysely<EffectsSchema>, folder: string): readonly Job[] {
  const at = ({ root, dieAt }: DyingFlow, place: number): void => {
    if (place !== dieAt) return
    try {
      writeFileSync(join(folder, root), '', { flag: 'wx' })
    } catch {
      return
    }
    process.kill(process.pid, 'SIGKILL')
  }
  const effect = async (to: Kysely<EffectsSchema>, root: string, what: string): Promise<void> => {
    await to.insertInto('effects').values({ root, what }).execute()
  }
  const child = defineJob<DyingFlow, string>({
    name: 'dying-child',
    attempts: 50,
    // Called in the transaction that makes the child.
    key: (payload) => {
      at(payload, 0)
      return undefined
    },
    run: async (payload, { step }) => {
      await step('effect', db, async (tx) => {
        await effect(tx, payload.root, 'child')
        at(payload, 1)
      })
      at(payload, 2)
      return 'done'
    },
  })
  const part = defineJob<DyingFlow & { readonly what: string }>({
    name: 'dying-part',
    attempts: 50,
    run: async (payload, { step }) => {
      if (payload.what === 'done') at(payload, 7)
      await step('effect', db, (tx) => effect(tx, payload.root, payload.what))
    },
  })
  const parent = defineJob<DyingFlow>({
    name: 'dying-parent',
    attempts: 50,
    run: async (payload, { step, jobId }) => {
      const { root } = payload
      await step.run(child, payload)
      at(payload, 3)
      await step('send', db, async (tx) => {
        await sendEvent(tx, 'go', jobId, 'sent by itself')
        at(payload, 4)
      })
      const got = await step.waitFor<string>('go')
      at(payload, 5)
      await step('flow', db, async (tx) => {
        await enqueueFlow(tx, {
          first: {
            job: part,
            payloads: [
              { ...payload, what: 'first 1' },
              { ...payload, what: 'first 2' },
            ],
          },
          done: { job: part, payload: { ...payload, what: 'done' }, after: 'first' },
        })
        at(payload, 6)
      })
      await step('effect', db, (tx) => effect(tx, root, `got ${got}`))
    },
  })
  return [parent, child, part]
}
