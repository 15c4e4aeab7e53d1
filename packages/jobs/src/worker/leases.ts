import { sleep } from '@yuzuru/concurrency'
import type { QueryExecutorProvider } from 'kysely'
import type { Attempt } from './attempt.ts'
import { heartbeat } from './heartbeat.ts'
import type { WorkerEvent } from './worker-event.ts'

/** Extends the leases of all running jobs, and ends the handlers of those that are no longer ours. */
export async function keepLeases(
  db: QueryExecutorProvider,
  running: ReadonlySet<Attempt>,
  { leaseMs, heartbeatMs }: { readonly leaseMs: number; readonly heartbeatMs: number },
  emit: (event: WorkerEvent) => void,
): Promise<void> {
  for (;;) {
    await sleep(heartbeatMs)
    const attempts = [...running]
    if (attempts.length === 0) continue
    const askedAt = performance.now()
    const leases = attempts.map((attempt) => attempt.claimed)
    try {
      const held = await heartbeat(db, leases, leaseMs, { timeoutMs: leaseMs })
      const byClaim = new Map(held.map((one) => [one.claim, one]))
      for (const attempt of attempts) {
        const ours = byClaim.get(attempt.claimed.claim)
        if (ours === undefined) lose(attempt)
        else attempt.confirmedAt = askedAt
        if (ours?.cancelRequested === true) attempt.stop('cancelled', 'cancelJob asked for its end')
      }
    } catch (error) {
      emit({ type: 'error', operation: 'heartbeat', error })
    }
  }
}

/** Ends handlers whose leases have run out because the database could not be asked. */
export async function loseExpired(
  running: ReadonlySet<Attempt>,
  leaseMs: number,
  everyMs: number,
): Promise<void> {
  for (;;) {
    await sleep(everyMs)
    for (const attempt of running) {
      if (performance.now() - attempt.confirmedAt >= leaseMs) lose(attempt)
    }
  }
}

function lose(attempt: Attempt): void {
  attempt.stop('lost', `the lease of job ${attempt.claimed.id} was lost; another worker may run it`)
}
