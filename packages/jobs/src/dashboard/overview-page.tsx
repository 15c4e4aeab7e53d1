import type { FC } from 'hono/jsx'
import type { JobState } from '../job/job-state.ts'
import type { LaneStats, Pause } from '../queue/job-stats.ts'
import { LatencyChart, ThroughputChart } from './charts.tsx'
import { FailedList } from './jobs-page.tsx'
import { count, duration, shortCount } from './format.ts'
import { Card, Nothing, Table } from './layout.tsx'
import { listLink } from './links.ts'
import { type Look, say } from './look.ts'
import { isPaused, PausedList } from './paused-list.tsx'
import { ScaledList } from './scaled-list.tsx'
import { laneKey, type LaneRate } from './rates.ts'
import { RunningList } from './running-list.tsx'
import type { Snapshot } from './snapshot.ts'

/** How many of the jobs that failed last are shown. */
const MOST_FAILED = 5

/** How the whole queue stands. */
export const Overview: FC<{ look: Look; snapshot: Snapshot }> = ({ look, snapshot }) => {
  const { stats, rates, bars, running, workers, failed, now } = snapshot
  return (
    <>
      <Tiles look={look} snapshot={snapshot} />
      <div class="pair">
        <Card
          title={say(look, 'Throughput', '処理数')}
          more={
            <p class="legend">
              <i class="good" />
              {say(look, 'completed', '完了')} <i class="bad" />
              {say(look, 'failed', '失敗')}
            </p>
          }
        >
          <ThroughputChart look={look} bars={bars} />
        </Card>
        <Card
          title={say(look, 'Latency, 95 of 100', 'レイテンシ（p95）')}
          more={
            <p class="legend">
              <i class="waited" />
              {say(look, 'waited', '待ち')} <i class="took" />
              {say(look, 'ran', '実行')}
            </p>
          }
        >
          <LatencyChart look={look} bars={bars} />
        </Card>
      </div>
      {stats.paused.length === 0 ? null : (
        <Card title={say(look, 'Paused', '停止中')}>
          <PausedList look={look} paused={stats.paused} now={now} />
        </Card>
      )}
      {stats.scaled.length === 0 ? null : (
        <Card title={say(look, 'Limited numbers', '同時実行数の上限')}>
          <ScaledList look={look} scaled={stats.scaled} />
        </Card>
      )}
      <Card title={say(look, 'Queues and kinds', 'キューと種類')}>
        <Lanes look={look} lanes={stats.lanes} rates={rates} paused={stats.paused} />
      </Card>
      <Card title={say(look, 'Running', '実行中')}>
        <RunningList look={look} running={running} workers={workers} />
      </Card>
      <Card
        title={say(look, 'Failed last', '最近の失敗')}
        more={<a href={listLink(look.base, { list: 'failed' })}>{say(look, 'All', 'すべて')}</a>}
      >
        <FailedList look={look} jobs={failed.jobs.slice(0, MOST_FAILED)} now={now} />
      </Card>
    </>
  )
}

const Tiles: FC<{ look: Look; snapshot: Snapshot }> = ({ look, snapshot: { stats, workers } }) => {
  const isEstimate = (state: JobState): boolean => stats.estimated.includes(state)
  const due = stats.lanes.reduce((sum, lane) => sum + lane.due, 0)
  const held = stats.lanes.reduce((sum, lane) => sum + lane.held, 0)
  const later = stats.lanes.reduce((sum, lane) => sum + lane.later, 0)
  const places = workers.reduce((sum, { report }) => sum + (report?.concurrency ?? 0), 0)
  const number = (value: number, state: JobState): string =>
    `${isEstimate(state) ? '≈ ' : ''}${shortCount(look, value)}`
  const oldest =
    stats.oldestWaitingMs > 0
      ? say(
          look,
          `oldest for ${duration(look, stats.oldestWaitingMs)}`,
          `最長 ${duration(look, stats.oldestWaitingMs)}`,
        )
      : say(look, 'none waits', '待ちなし')
  const places_ =
    places > 0
      ? say(look, `of ${count(look, places)} places`, `枠 ${count(look, places)}`)
      : say(look, 'no worker has reported', 'ワーカーの報告なし')
  const tiles = [
    ['due', say(look, 'Due', '待機中'), number(due, 'waiting'), oldest],
    ['running', say(look, 'Running', '実行中'), number(stats.running, 'running'), places_],
    [
      'later',
      say(look, 'For later', '予約'),
      number(later, 'waiting'),
      held === 0
        ? say(look, 'delayed or to be retried', '遅延・再試行待ち')
        : say(
            look,
            `and ${number(held, 'waiting')} held by a limit or a group`,
            `ほかに上限・グループ待ち ${number(held, 'waiting')}`,
          ),
    ],
    [
      'failed',
      say(look, 'Failed', '失敗'),
      number(stats.failed, 'failed'),
      say(look, 'dead letters', 'デッドレター'),
    ],
    [
      'completed',
      say(look, 'Completed', '完了'),
      number(stats.completed, 'completed'),
      say(look, 'not pruned yet', '保持分'),
    ],
  ] as const
  return (
    <ul class="tiles">
      {tiles.map(([list, title, value, more]) => (
        <li class={list}>
          <a href={list === 'running' ? '#running' : listLink(look.base, { list })}>
            <span class="name">{title}</span>
            <strong>{value}</strong>
            <span class="more">{more}</span>
          </a>
        </li>
      ))}
    </ul>
  )
}

const Lanes: FC<{
  look: Look
  lanes: readonly LaneStats[]
  rates: ReadonlyMap<string, LaneRate>
  paused: readonly Pause[]
}> = ({ look, lanes, rates, paused }) => {
  const rows = withRates(lanes, rates)
  if (rows.length === 0) {
    return <Nothing>{say(look, 'Nothing is queued.', 'ジョブはありません。')}</Nothing>
  }
  return (
    <Table label={say(look, 'Queues and kinds', 'キューと種類')}>
      <thead>
        <tr>
          <th scope="col">{say(look, 'Kind', '種類')}</th>
          <th scope="col" class="number">
            {say(look, 'Due', '待機中')}
          </th>
          <th scope="col" class="number wide">
            {say(look, 'Oldest', '最長待ち')}
          </th>
          <th scope="col" class="number">
            {say(look, 'Running', '実行中')}
          </th>
          <th scope="col" class="number wide">
            {say(look, 'Later', '予約')}
          </th>
          <th scope="col" class="number wide">
            {say(look, 'Held', '保留')}
          </th>
          <th scope="col" class="number">
            {say(look, 'Done/min', '毎分完了')}
          </th>
          <th scope="col" class="number wide">
            {say(look, 'Failed/min', '毎分失敗')}
          </th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ lane, rate }) => (
          <tr>
            <th scope="row">
              <a href={listLink(look.base, { list: 'due', queue: lane.queue, name: lane.name })}>
                {lane.name}
              </a>
              <span class="soft"> {lane.queue}</span>
              {isPaused(paused, lane.queue, lane.name) ? (
                <span class="badge paused">{say(look, 'paused', '停止中')}</span>
              ) : null}
            </th>
            <td class="number">{count(look, lane.due, lane.isEstimate)}</td>
            <td class={lane.oldestDueMs > 60_000 ? 'number wide warn' : 'number wide'}>
              {lane.due === 0 ? '—' : duration(look, lane.oldestDueMs)}
            </td>
            <td class="number">{count(look, lane.running)}</td>
            <td class="number wide">
              {count(look, lane.later, lane.isEstimate && lane.later > 0)}
            </td>
            <td class="number wide">{count(look, lane.held, lane.isEstimate && lane.held > 0)}</td>
            <td class="number">{count(look, rate.completed)}</td>
            <td class={rate.failed > 0 ? 'number wide bad' : 'number wide'}>
              {count(look, rate.failed)}
            </td>
          </tr>
        ))}
      </tbody>
    </Table>
  )
}

const NO_RATE: LaneRate = { completed: 0, failed: 0 }

/** Kinds that have jobs, and those that have had some within the last minute. */
function withRates(
  lanes: readonly LaneStats[],
  rates: ReadonlyMap<string, LaneRate>,
): readonly { readonly lane: LaneStats; readonly rate: LaneRate }[] {
  const known = new Set(lanes.map(({ queue, name }) => laneKey(queue, name)))
  const emptied = [...rates.keys()]
    .filter((key) => !known.has(key))
    .map((key): LaneStats => {
      const [queue = '', name = ''] = key.split('\0')
      return {
        queue,
        name,
        due: 0,
        later: 0,
        held: 0,
        running: 0,
        oldestDueMs: 0,
        isEstimate: false,
      }
    })
  return [...lanes, ...emptied].map((lane) => ({
    lane,
    rate: rates.get(laneKey(lane.queue, lane.name)) ?? NO_RATE,
  }))
}
