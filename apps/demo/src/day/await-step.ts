import { gather } from '@yuzuru/concurrency'
import { measure, type Measured } from '../await/measured.ts'
import { measureCallers, measureReads, measureWaits } from '../await/measure-reads.ts'
import type { Step } from './day.ts'

export const awaitStep: Step = {
  title: { ja: 'await は「待つ」ではなく「譲る」', en: 'await means to yield, not to wait' },
  async run(day, report) {
    report.progress({ ja: '測る', en: 'Measuring' })
    const page = await day.manager.get('/await')
    report.check({ ja: '/await の画面', en: 'the page /await' }, page.status === 200, page.status)
    const { inSequence, together, inTransaction } = await measureReads(day.app.db)
    const { smallPool, fittingPool } = await measureCallers(day.app.settings.databaseUrl, 100)
    const overHttp = await measure((note) =>
      gather(Array.from({ length: 100 }, () => () => note(() => day.manager.get('/api/v1/reads')))),
    )
    const waits = await measureWaits()
    const ms = ({ totalMs }: Measured): string => `${totalMs.toFixed(0)} ms`
    report.check(
      { ja: '30 ms の読み取り3回、ひとつずつ', en: 'three 30 ms reads, one after the other' },
      inSequence.totalMs >= 90,
      ms(inSequence),
    )
    report.check(
      { ja: '同じ3回を、いっしょに', en: 'the same three, together' },
      together.totalMs < inSequence.totalMs,
      ms(together),
    )
    report.check(
      { ja: '同じ3回を、ひとつのトランザクションで', en: 'the same three, in one transaction' },
      inTransaction.totalMs >= 90,
      ms(inTransaction),
    )
    report.check(
      { ja: '同時に100回、接続は10本', en: 'a hundred reads at once, a pool of ten' },
      smallPool.totalMs >= 300,
      ms(smallPool),
    )
    report.check(
      { ja: '同時に100回、接続は100本', en: 'a hundred reads at once, a pool of a hundred' },
      fittingPool.totalMs < 100 * together.totalMs,
      ms(fittingPool),
    )
    report.check(
      { ja: '同時に100画面（HTTP）', en: 'a hundred pages at once, over HTTP' },
      overHttp.totalMs < 100 * inSequence.totalMs,
      ms(overHttp),
    )
    report.check(
      { ja: '1秒の待ちを同時に100個', en: 'a hundred one-second waits' },
      waits.totalMs < 2_000,
      ms(waits),
    )
  },
}
