import type { FC } from 'hono/jsx'
import { duration } from './format.ts'
import { Nothing } from './layout.tsx'
import { jobLink } from './links.ts'
import { type Look, say } from './look.ts'
import type { RunningJob, WorkerLook } from './running.ts'

/** The jobs that run, with what each waits for. */
export const RunningList: FC<{
  look: Look
  running: readonly RunningJob[]
  workers: readonly WorkerLook[]
}> = ({ look, running, workers }) => {
  if (running.length === 0) {
    return (
      <div id="running">
        <Nothing>
          {say(look, 'Nothing runs at the moment.', '実行中のジョブはありません。')}
        </Nothing>
      </div>
    )
  }
  const beats = new Map(workers.map(({ id, beatMs }) => [id, beatMs]))
  return (
    <ul class="list" id="running">
      {running.map((job) => (
        <li>
          <p>
            <a href={jobLink(look.base, job.id)}>{job.name}</a>
            <span class="soft"> {job.queue}</span>{' '}
            {say(look, `for ${duration(look, job.forMs)}`, `${duration(look, job.forMs)}経過`)}{' '}
            <span class="soft">
              {say(
                look,
                `attempt ${job.attempt} of ${job.attempts}`,
                `試行 ${job.attempt}/${job.attempts}`,
              )}
            </span>
            {job.isCancelled ? (
              <span class="badge cancelled">{say(look, 'being cancelled', '中止処理中')}</span>
            ) : null}
          </p>
          <Waits look={look} job={job} beatMs={beats.get(job.worker)} />
        </li>
      ))}
    </ul>
  )
}

/** What its worker said with its last heartbeat. */
export const Waits: FC<{ look: Look; job: RunningJob; beatMs: number | undefined }> = ({
  look,
  job: { report, forMs },
  beatMs,
}) => {
  if (report === undefined) {
    // Begun since the last heartbeat, most likely.
    return <span class="waits soft">{say(look, 'not reported yet', '未報告')}</span>
  }
  const { steps, waits } = report
  const age = beatMs === undefined ? 0 : Math.min(beatMs, forMs)
  return (
    <span class="waits">
      {steps.map((step) => (
        <span class="badge step">{step}</span>
      ))}
      {waits.length === 0 ? (
        <span class="soft">{say(look, 'nothing that is known', '不明')}</span>
      ) : (
        waits.map(({ what, forMs }) => (
          <code>
            {what}
            {forMs === undefined ? '' : ` ${duration(look, forMs)}`}
          </code>
        ))
      )}
      <span class="soft">
        {' '}
        {say(look, `${duration(look, age)} ago`, `${duration(look, age)}前`)}
      </span>
    </span>
  )
}
