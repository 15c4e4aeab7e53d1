import type { FC } from 'hono/jsx'
import type { MissedTimes } from '../cron/define-cron.ts'
import type { CronRecord } from '../cron/list-crons.ts'
import { Nothing, Table, When } from './layout.tsx'
import { confirmLink, jobLink } from './links.ts'
import { type Look, say } from './look.ts'

/** For how long a cron may not have been seen while a worker has it, in milliseconds. */
const SEEN_MS = 150_000

/** The crons, with what comes next. */
export const Crons: FC<{ look: Look; crons: readonly CronRecord[]; now: number }> = ({
  look,
  crons,
  now,
}) => {
  if (crons.length === 0) {
    return (
      <section class="card">
        <Nothing>{say(look, 'No worker has had a cron.', '定期実行はありません。')}</Nothing>
      </section>
    )
  }
  return (
    <section class="card">
      <Table label={say(look, 'Crons', '定期実行')}>
        <thead>
          <tr>
            <th scope="col">{say(look, 'Cron', '名前')}</th>
            <th scope="col">{say(look, 'Schedule', 'スケジュール')}</th>
            <th scope="col">{say(look, 'Next', '次回')}</th>
            <th scope="col" class="wide">
              {say(look, 'Last', '前回')}
            </th>
            {look.canWrite ? <th scope="col">{say(look, 'Change', '操作')}</th> : null}
          </tr>
        </thead>
        <tbody>
          {crons.map((cron) => (
            <tr>
              <th scope="row">
                {cron.name}
                <span class="soft"> {cron.job}</span> <State look={look} cron={cron} now={now} />
              </th>
              <td>
                <code>{cron.schedule}</code>
                <span class="soft"> {cron.timeZone}</span>
                <span class="soft wide-inline"> {missedName(look, cron.missed)}</span>
              </td>
              <td>
                {cron.nextTimes.length === 0 ? (
                  '—'
                ) : (
                  <ol class="times">
                    {cron.nextTimes.map((at, index) => (
                      <li class={index === 0 ? '' : 'wide-inline'}>
                        <When look={look} at={at.getTime()} now={now} />
                      </li>
                    ))}
                  </ol>
                )}
              </td>
              <td class="wide">
                {cron.last === undefined ? (
                  '—'
                ) : (
                  <a href={jobLink(look.base, cron.last.jobId)}>
                    <When look={look} at={cron.last.at.getTime()} now={now} />
                  </a>
                )}
              </td>
              {look.canWrite ? (
                <td>
                  <Change look={look} cron={cron} />
                </td>
              ) : null}
            </tr>
          ))}
        </tbody>
      </Table>
    </section>
  )
}

const State: FC<{ look: Look; cron: CronRecord; now: number }> = ({ look, cron, now }) => {
  if (cron.pausedAt !== undefined) {
    return <span class="badge paused">{say(look, 'paused', '停止中')}</span>
  }
  if (now - cron.seenAt.getTime() <= SEEN_MS) return null
  return <span class="badge failed">{say(look, 'no worker has it', '担当ワーカーなし')}</span>
}

const Change: FC<{ look: Look; cron: CronRecord }> = ({ look, cron }) => {
  const action = cron.pausedAt === undefined ? 'pause-cron' : 'resume-cron'
  return (
    <a class="button small quiet" href={confirmLink(look.base, action, cron.name)}>
      {action === 'pause-cron' ? say(look, 'Pause', '停止') : say(look, 'Resume', '再開')}
      <span class="hidden"> {cron.name}</span>
    </a>
  )
}

function missedName(look: Look, missed: MissedTimes): string {
  const names: Readonly<Record<MissedTimes, string>> = {
    skip: say(look, 'missed times are skipped', '逃した回は省略'),
    once: say(look, 'missed times run once', '逃した回は1度だけ実行'),
    all: say(look, 'missed times all run', '逃した回はすべて実行'),
  }
  return names[missed]
}
