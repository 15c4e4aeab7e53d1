import { gather } from '@yuzuru/concurrency'
import { measureAwait, timed } from '../await/measure.ts'
import type { Step } from './day.ts'

export const awaitStep: Step = {
  title: { ja: 'await は「待つ」ではなく「譲る」', en: 'await means to yield, not to wait' },
  async run(day, report) {
    report.progress({ ja: '測る', en: 'Measuring' })
    const page = await day.manager.get('/await')
    report.check({ ja: '/await の画面', en: 'the page /await' }, page.status === 200, page.status)
    const figures = await measureAwait(day.app.db)
    const atOnce = await timed(() =>
      gather(Array.from({ length: 100 }, () => () => day.manager.get('/api/v1/reads'))),
    )
    const ms = (value: number): string => `${value.toFixed(0)} ms`
    const { oneAfterTheOther, together, hundredAtOnce, hundredOneSecondWaits } = figures
    report.check(
      { ja: '30 ms の読み取り2回、ひとつずつ', en: 'two 30 ms reads, one after the other' },
      oneAfterTheOther >= 60,
      ms(oneAfterTheOther),
    )
    report.check(
      { ja: '同じ2回を、いっしょに', en: 'the same two, together' },
      together < oneAfterTheOther,
      ms(together),
    )
    report.check(
      { ja: '同時に100回（関数）', en: 'a hundred of these at once' },
      hundredAtOnce < 100 * together,
      ms(hundredAtOnce),
    )
    report.check(
      { ja: '同時に100回（HTTP）', en: 'a hundred requests at once, over HTTP' },
      atOnce < 100 * together,
      ms(atOnce),
    )
    report.check(
      { ja: '1秒の待ちを同時に100個', en: 'a hundred one-second waits' },
      hundredOneSecondWaits < 2_000,
      ms(hundredOneSecondWaits),
    )
  },
}
