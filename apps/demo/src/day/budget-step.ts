import { gather, sleep } from '@yuzuru/concurrency'
import { sql } from 'kysely'
import { BUDGET_MS } from '../await/await-page.tsx'
import { SLOW_MARK } from '../await/routes.tsx'
import type { Day, Step } from './day.ts'

/**
 * How long after the budget's end the query may still be seen, in milliseconds. It takes a few; a machine that
 * is busy with other things takes longer, and the query itself would take five seconds.
 */
const GONE_WITHIN_MS = 1_000

export const budgetStep: Step = {
  title: {
    ja: '5秒の問い合わせを 300 ms の持ち時間で',
    en: 'A page with a 300 ms budget over a 5-second query',
  },
  async run(day, report) {
    report.progress({ ja: 'わざと時間を足りなくする', en: 'Giving it too little time, on purpose' })
    const start = performance.now()
    const { answer, ranMs } = await gather({
      answer: async () => {
        const { status } = await day.manager.get('/api/v1/slow')
        return { status, ms: performance.now() - start }
      },
      ranMs: () => watchSlowQuery(day),
    })
    report.check(
      { ja: '呼び出し元は時間切れを受け取る', en: 'the caller gets a timeout' },
      answer.status === 504,
      `${answer.status}, ${answer.ms.toFixed(0)} ms`,
    )
    const late = ranMs - BUDGET_MS
    report.check(
      {
        ja: `持ち時間のあと ${GONE_WITHIN_MS / 1_000} 秒以内に pg_stat_activity から消えた`,
        en: `it was gone from pg_stat_activity within ${GONE_WITHIN_MS / 1_000} s of the budget's end`,
      },
      late <= GONE_WITHIN_MS,
      `${late.toFixed(0)} ms`,
    )
  },
}

/**
 * Watches the slow query on the server until it is gone.
 *
 * @returns how old it was when it was first seen to be gone, by the server's clock, in milliseconds
 */
async function watchSlowQuery({ app }: Day): Promise<number> {
  let startedAt: number | undefined
  for (;;) {
    const { rows } = await sql<{ now: number; started: number | null }>`
      select extract(epoch from clock_timestamp())::float8 as now, (
        select extract(epoch from query_start)::float8
        from pg_stat_activity
        where state = 'active' and query like ${`%${SLOW_MARK}%`}
          and query not like '%pg_stat_activity%'
      ) as started`.execute(app.db)
    const { now = 0, started = null } = rows[0] ?? {}
    if (started === null && startedAt !== undefined) return (now - startedAt) * 1_000
    startedAt = started ?? undefined
    await sleep(2)
  }
}
