import type { FC } from 'hono/jsx'
import type { Pause } from '../queue/job-stats.ts'
import { KindOrQueue } from './kind-or-queue.tsx'
import { Table, When } from './layout.tsx'
import { confirmLink } from './links.ts'
import { type Look, say } from './look.ts'

/** Whether jobs of a kind in a queue wait because one of the two is paused. */
export const isPaused = (paused: readonly Pause[], queue: string, name: string): boolean =>
  paused.some((each) => each.job === name || each.queue === queue)

/** What is paused, with the way to let it go on. */
export const PausedList: FC<{ look: Look; paused: readonly Pause[]; now: number }> = ({
  look,
  paused,
  now,
}) => (
  <Table label={say(look, 'Paused', '停止中')}>
    <thead>
      <tr>
        <th scope="col">{say(look, 'Kind or queue', '種類またはキュー')}</th>
        <th scope="col">{say(look, 'Since', '停止時刻')}</th>
        {look.canWrite ? (
          <th scope="col">
            <span class="hidden">{say(look, 'Resume', '再開')}</span>
          </th>
        ) : null}
      </tr>
    </thead>
    <tbody>
      {paused.map(({ job, queue = '', pausedAt }) => (
        <tr>
          <KindOrQueue look={look} of={{ job, queue }} />
          <td>
            <When look={look} at={pausedAt.getTime()} now={now} />
          </td>
          {look.canWrite ? (
            <td>
              <ChangePause look={look} isPaused job={job} queue={queue} />
            </td>
          ) : null}
        </tr>
      ))}
    </tbody>
  </Table>
)

/** The way to the question whether to pause a kind or else a queue, or to let it go on. */
export const ChangePause: FC<{
  look: Look
  isPaused: boolean
  job?: string | undefined
  queue?: string
}> = ({ look, isPaused: is, job, queue = '' }) => {
  const action = `${is ? 'resume' : 'pause'}-${job === undefined ? 'queue' : 'kind'}` as const
  const words = {
    'pause-kind': say(look, 'Pause the kind', '種類を停止'),
    'resume-kind': say(look, 'Resume the kind', '種類を再開'),
    'pause-queue': say(look, 'Pause the queue', 'キューを停止'),
    'resume-queue': say(look, 'Resume the queue', 'キューを再開'),
  }
  return (
    <a class="button small quiet" href={confirmLink(look.base, action, job ?? queue)}>
      {words[action]}
      <span class="hidden"> {job ?? queue}</span>
    </a>
  )
}
