import { gather } from '@yuzuru/concurrency'
import { BUDGET_MS, watchSlowQuery } from '../await/measure-slow.ts'
import type { Step } from './day.ts'

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
    report.onPurpose({ ja: '時間を足りなくする', en: 'Giving it too little time' })
    const start = performance.now()
    let isOver = false
    const { answer, ranMs } = await gather({
      answer: async () => {
        const { status } = await day.manager.get('/api/v1/slow')
        isOver = true
        return { status, ms: performance.now() - start }
      },
      ranMs: () => watchSlowQuery(day.app.db, { isOver: () => isOver }),
    })
    report.check(
      { ja: '呼び出し元は時間切れを受け取る', en: 'the caller gets a timeout' },
      answer.status === 504,
      `${answer.status}, ${answer.ms.toFixed(0)} ms`,
    )
    // One that was never seen to begin was not seen to end.
    const late = (ranMs ?? Infinity) - BUDGET_MS
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
