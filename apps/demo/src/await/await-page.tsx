import type { FC } from 'hono/jsx'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Language } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import type { Experiment } from './experiments.ts'
import { BUDGET_MS, SLOW_SECONDS } from './measure-slow.ts'
import { LEGEND, Timeline } from './timeline.tsx'

/** How many callers a visitor may choose. */
export const CALLERS: readonly number[] = [1, 10, 100]

/** The page with the experiments, all drawn to the same scale. */
export async function awaitPage(
  c: AppContext,
  callers: number,
  experiments: readonly Experiment[],
): Promise<Response> {
  const language = c.get('language')
  const scaleMs = Math.max(...experiments.map(({ measured }) => measured.totalMs))
  const title = { ja: 'await は「待つ」ではなく「譲る」', en: 'await means to yield' }
  return await c.html(
    <Layout context={pageContext(c)} title={title}>
      <section>
        <p>
          {
            {
              ja: 'いま、この画面のために測りました。待っている間、イベントループは他の仕事をしています。',
              en: 'Measured just now, for this page. While it waited, the event loop did other work.',
            }[language]
          }
        </p>
        <form method="get" action="/await" class="choices">
          {CALLERS.map((count) => (
            <button
              name="callers"
              value={count}
              aria-pressed={count === callers ? 'true' : 'false'}
            >
              {
                { ja: `${count}人で測る`, en: count === 1 ? '1 caller' : `${count} callers` }[
                  language
                ]
              }
            </button>
          ))}
        </form>
      </section>
      {experiments.map((one) => (
        <Drawn {...one} scaleMs={scaleMs} language={language} />
      ))}
      <section>
        <p class="soft">{LEGEND[language]}</p>
        <p>
          <a href="/slow">
            {
              {
                ja: `${SLOW_SECONDS}秒かかる問い合わせを、${BUDGET_MS} ms の持ち時間で`,
                en: `A ${SLOW_SECONDS}-second query within a budget of ${BUDGET_MS} ms`,
              }[language]
            }
          </a>
        </p>
      </section>
    </Layout>,
  )
}

const Drawn: FC<Experiment & { scaleMs: number; language: Language }> = ({
  name,
  why,
  measured,
  scaleMs,
  language,
}) => {
  const ms = `${measured.totalMs.toFixed(0)} ms`
  return (
    <section>
      <h2>
        {name[language]} <span class="total">{ms}</span>
      </h2>
      <Timeline measured={measured} scaleMs={scaleMs} label={`${name[language]}: ${ms}`} />
      <p>{why[language]}</p>
    </section>
  )
}
