import type { FC } from 'hono/jsx'
import { type AppContext, pageContext } from '../web/environment.ts'
import type { Language, Text } from '../web/language.ts'
import { Layout } from '../web/layout.tsx'
import type { DayRuns, RunState, StepState, WatchedStep } from './day-runs.ts'
import { ON_PURPOSE } from './print-day.ts'
import type { Note } from './report.ts'

/** How soon a page without a script is loaded again while a day runs, in seconds. */
const REFRESH_SECONDS = 2

const STATES: Readonly<Record<StepState, Text & { readonly tag: string }>> = {
  waiting: { ja: '待機中', en: 'Waiting', tag: 'tag quiet' },
  running: { ja: '実行中', en: 'Running', tag: 'tag' },
  held: { ja: '✓ 成立', en: '✓ Held', tag: 'tag good' },
  failed: { ja: '✗ 不成立', en: '✗ Failed', tag: 'tag bad' },
  'cut-off': { ja: '中止', en: 'Cut off', tag: 'tag warn' },
}

const RUNS: Readonly<Record<RunState, Text>> = {
  none: { ja: 'まだ始めていません', en: 'Not started yet' },
  running: { ja: '実行中', en: 'Running' },
  over: { ja: '終わりました', en: 'It is over' },
  cancelled: {
    ja: '中止しました。後に残るものはありません',
    en: 'Cancelled; nothing is left of it',
  },
  failed: { ja: '途中で終わりました', en: 'It broke off' },
}

/** The day as a dashboard. A script keeps it up to date; without one it loads itself again while a day runs. */
export function dayPage(c: AppContext, runs: DayRuns): Response | Promise<Response> {
  const language = c.get('language')
  return c.html(
    <Layout
      context={pageContext(c)}
      title={{ ja: '一日を動かす', en: 'The day, live' }}
      refreshSeconds={runs.state === 'running' ? REFRESH_SECONDS : undefined}
    >
      <section>
        <p>
          {
            {
              ja: '事業所の登録から、支払い、書類、会議、お知らせまで。けいかくんの一日を、途中でわざと壊しながら動かします。ボタンからの一日は、専用のデータベース、メール、Stripe、Google を立ち上げて行い、終わると片づけます。あなたの事業所のデータには触れません。',
              en: 'From registering an office to payments, documents, meetings and reminders: a day of Keikaku-kun, with things broken on purpose on the way. A day that is started here has a database, mail, Stripe and Google of its own, which are gone when it ends. The data of your office is not touched.',
            }[language]
          }
        </p>
        <RunHead runs={runs} language={language} />
      </section>
      <ol class="steps">
        {runs.steps.map((step) => (
          <StepItem step={step} language={language} />
        ))}
      </ol>
      <script src="/day.js" defer></script>
    </Layout>,
  )
}

/** How far the run is, and what can be done about it. */
export const RunHead: FC<{ runs: DayRuns; language: Language }> = ({ runs, language }) => {
  const { state, steps, failure } = runs
  const done = steps.filter((step) => step.state === 'held' || step.state === 'failed')
  const checks = steps.flatMap(({ notes }) => notes.filter((note) => note.kind === 'check'))
  const held = checks.filter(({ holds }) => holds).length
  const now = steps.find((step) => step.state === 'running')
  const isRunning = state === 'running'
  return (
    <div id="run">
      <p class="field">
        <label for="far">{{ ja: '進み具合', en: 'Progress' }[language]}</label>
        <progress id="far" max={steps.length} value={done.length}></progress>
        <span class="hint" role="status">
          {`${RUNS[state][language]}${now === undefined ? '' : `: ${now.title[language]}`} · `}
          {
            {
              ja: `${steps.length} 段階のうち ${done.length}、確認 ${checks.length} 件のうち ${held} 件が成立`,
              en: `${done.length} of ${steps.length} steps, ${held} of ${checks.length} checks held`,
            }[language]
          }
        </span>
      </p>
      {failure === undefined ? null : <pre class="bad">{failure}</pre>}
      <form method="post" action={isRunning ? '/day/cancel' : '/day/start'}>
        <button class={isRunning ? 'second' : undefined} data-key="run">
          {
            (isRunning
              ? { ja: '中止する', en: 'Cancel' }
              : { ja: '一日を始める', en: 'Start a day' }
            )[language]
          }
        </button>
      </form>
    </div>
  )
}

/** A step: what it does and what it has found is folded, unless it is under way or has failed. */
export const StepItem: FC<{ step: WatchedStep; language: Language }> = ({ step, language }) => {
  const { number, title, state, tookMs, notes, failure } = step
  const checks = notes.filter((note) => note.kind === 'check')
  const held = checks.filter(({ holds }) => holds).length
  const head = (
    <>
      <span class={STATES[state].tag}>{STATES[state][language]}</span>
      <span class="step-title">{`${number}. ${title[language]}`}</span>
      <span class="hint">
        {checks.length === 0 ? '' : `${held}/${checks.length}`}
        {tookMs === undefined ? '' : ` · ${Math.round(tookMs)} ms`}
      </span>
    </>
  )
  return (
    <li id={`step-${number}`} class="card" data-state={state}>
      {notes.length === 0 && failure === undefined ? (
        <div class="step">{head}</div>
      ) : (
        <details open={state === 'running' || state === 'failed' || state === 'cut-off'}>
          <summary class="step" data-key="fold">
            {head}
          </summary>
          <ul class="notes">
            {notes.map((note) => (
              <NoteLine note={note} language={language} />
            ))}
          </ul>
          {failure === undefined ? null : <pre class="bad">{failure}</pre>}
        </details>
      )}
    </li>
  )
}

const NoteLine: FC<{ note: Note; language: Language }> = ({ note, language }) => {
  if (note.kind === 'does') return <li class="soft">{note.text[language]}</li>
  if (note.kind === 'breaks') {
    return (
      <li>
        <span class="tag warn">{ON_PURPOSE[language]}</span> {note.text[language]}
      </li>
    )
  }
  const { holds, text, seen } = note
  return (
    <li class="check">
      <span class={holds ? 'good' : 'bad'}>
        {holds ? '✓ ' : { ja: '✗ 不成立: ', en: '✗ does not hold: ' }[language]}
      </span>
      {text[language]}
      {seen === '' ? null : <span class="soft">{` ${seen}`}</span>}
    </li>
  )
}
