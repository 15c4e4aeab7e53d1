import type { Child, FC } from 'hono/jsx'
import type { JobState } from '../job/job-state.ts'
import type { JobRecord } from '../queue/get-job.ts'
import { count } from './format.ts'
import { Card, Nothing, Table, When } from './layout.tsx'
import { type Action, confirmLink, listLink } from './links.ts'
import { type Look, say } from './look.ts'
import { payloadText } from './masked.ts'
import { duration } from './format.ts'
import type { RunningJob, WorkerLook } from './running.ts'
import { stateName } from './state-name.ts'
import { Waits } from './running-list.tsx'
import type { StepLook } from './step-looks.ts'
import { Timeline } from './timeline.tsx'

/** What the page of one job shows. */
export interface JobLook {
  readonly job: JobRecord
  readonly steps: readonly StepLook[]
  /** Set while its handler runs. */
  readonly running: RunningJob | undefined
  readonly worker: WorkerLook | undefined
  readonly now: number
}

/** One job: how it stands, what it has done, and what went wrong. */
export const JobPage: FC<{ look: Look; shown: JobLook }> = ({ look, shown }) => {
  const { job, steps, running, worker, now } = shown
  return (
    <>
      <section class="card">
        <div class="head">
          <p>
            <span class={`badge ${job.state}`}>{stateName(look, job.state)}</span>{' '}
            <code class="id">{job.id}</code>
          </p>
          <Actions look={look} job={job} />
        </div>
        <Facts look={look} shown={shown} />
      </section>
      {running === undefined ? null : (
        <Card title={say(look, 'What it waits for', '待っているもの')}>
          <p>
            <Waits look={look} job={running} beatMs={worker?.beatMs} />
          </p>
        </Card>
      )}
      {steps.length === 0 ? null : (
        <Card title={say(look, 'Steps', 'ステップ')}>
          <Timeline look={look} steps={steps} now={now} />
        </Card>
      )}
      <Card title={say(look, 'Failed attempts', '失敗した試行')}>
        <Errors look={look} job={job} now={now} />
      </Card>
      <Card
        title={say(look, 'Payload', 'ペイロード')}
        more={
          look.canSeePayloads ? null : (
            <span class="soft">{say(look, 'values are hidden', '値は非表示です')}</span>
          )
        }
      >
        <pre tabindex={0} aria-label={say(look, 'Payload', 'ペイロード')} role="region">
          {payloadText(job.payload, look.canSeePayloads)}
        </pre>
      </Card>
    </>
  )
}

const Actions: FC<{ look: Look; job: JobRecord }> = ({ look, job }) => {
  if (!look.canWrite) return null
  const link = (action: Action, text: string, kind: string): Child => (
    <a class={`button ${kind}`} href={confirmLink(look.base, action, job.id)}>
      {text}
    </a>
  )
  if (job.state === 'waiting' || job.state === 'running') {
    return <>{link('cancel', say(look, 'Cancel', '中止'), 'danger')}</>
  }
  if (job.state === 'completed') return null
  return <>{link('retry', say(look, 'Retry', '再実行'), '')}</>
}

const Facts: FC<{ look: Look; shown: JobLook }> = ({ look, shown }) => {
  const { job, running, worker, now } = shown
  const facts: readonly (readonly [string, Child] | false)[] = [
    [
      say(look, 'Kind', '種類'),
      <a href={listLink(look.base, { list: listOf(job.state), name: job.name })}>{job.name}</a>,
    ],
    [say(look, 'Queue', 'キュー'), job.queue],
    [say(look, 'Attempt', '試行'), `${job.attempt} / ${job.attempts}`],
    [say(look, 'Priority', '優先度'), count(look, job.priority)],
    [say(look, 'Enqueued', '登録'), <When look={look} at={job.enqueuedAt.getTime()} now={now} />],
    [say(look, 'Due', '実行予定'), <When look={look} at={job.runAt?.getTime()} now={now} />],
    job.finishedAt !== undefined && [
      say(look, 'Ended', '終了'),
      <When look={look} at={job.finishedAt.getTime()} now={now} />,
    ],
    running !== undefined && [say(look, 'Running for', '実行時間'), duration(look, running.forMs)],
    worker !== undefined && [say(look, 'Worker', 'ワーカー'), worker.name],
    job.key !== undefined && [
      say(look, 'Key', 'キー'),
      look.canSeePayloads ? job.key : say(look, 'hidden', '非表示'),
    ],
    job.cron !== undefined && [
      say(look, 'Cron', '定期実行'),
      <>
        {job.cron.name} <When look={look} at={job.cron.at.getTime()} now={now} />
      </>,
    ],
  ]
  return (
    <dl class="facts">
      {facts
        .filter((fact) => fact !== false)
        .map(([name, value]) => (
          <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  )
}

const listOf = (state: JobState): 'due' | 'completed' | 'failed' | 'cancelled' =>
  state === 'waiting' || state === 'running' ? 'due' : state

const Errors: FC<{ look: Look; job: JobRecord; now: number }> = ({ look, job, now }) => {
  if (job.errors.length === 0) {
    return <Nothing>{say(look, 'No attempt has failed.', '失敗した試行はありません。')}</Nothing>
  }
  return (
    <Table label={say(look, 'Failed attempts', '失敗した試行')}>
      <thead>
        <tr>
          <th scope="col" class="number">
            {say(look, 'Attempt', '試行')}
          </th>
          <th scope="col">{say(look, 'When', '日時')}</th>
          <th scope="col">{say(look, 'Error', 'エラー')}</th>
        </tr>
      </thead>
      <tbody>
        {job.errors.toReversed().map((error) => (
          <tr>
            <td class="number">{error.attempt}</td>
            <td>
              <When look={look} at={error.at.getTime()} now={now} />
            </td>
            <td class="error">
              <b>{error.code ?? error.name}</b>
              {error.outcome === undefined ? null : (
                <span class="badge later">
                  {say(look, `outcome ${error.outcome}`, `結果 ${error.outcome}`)}
                </span>
              )}
              <br />
              {error.message}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}
