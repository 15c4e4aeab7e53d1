import { Hono } from 'hono'
import { allow } from '../web/access.ts'
import { type Environment, pageContext } from '../web/environment.ts'
import { Layout } from '../web/layout.tsx'
import { type StepResult, stepHolds } from './report.ts'

/** The day's table as a page. `results` gives it once the day is over. */
export function dayRoutes(results: () => readonly StepResult[] | undefined): Hono<Environment> {
  const routes = new Hono<Environment>()
  routes.get('/day', allow('anyone'), (c) => {
    const language = c.get('language')
    const steps = results()
    return c.html(
      <Layout context={pageContext(c)} title={{ ja: '一日の記録', en: 'The day' }}>
        {steps === undefined ? (
          <p>{{ ja: 'まだ途中です', en: 'It is not over yet' }[language]}</p>
        ) : (
          steps.map((step) => (
            <section>
              <h2>
                <span class={stepHolds(step) ? 'good' : 'bad'}>{stepHolds(step) ? '✓' : '✗'}</span>{' '}
                {`${step.number}. ${step.title[language]}`}{' '}
                <span class="soft">{`${Math.round(step.tookMs)} ms`}</span>
              </h2>
              <table>
                {step.checks.map(({ text, holds, seen }) => (
                  <tr>
                    <td class={holds ? 'good' : 'bad'}>{holds ? '✓' : '✗'}</td>
                    <td>{text[language]}</td>
                    <td class="number">{seen}</td>
                  </tr>
                ))}
              </table>
              {step.failure === undefined ? null : <p class="bad">{step.failure}</p>}
            </section>
          ))
        )}
      </Layout>,
    )
  })
  return routes
}
