import type { Child, FC } from 'hono/jsx'
import { count, duration, timeOfDay } from './format.ts'
import { type Look, say } from './look.ts'
import { type Bar, BAR_SECONDS } from './rates.ts'

/** The size of the drawing; it is stretched to the width that there is. */
const WIDTH = 600
const HEIGHT = 120

const round = (value: number): string => String(Math.round(value * 100) / 100)

/** How many ended a second, in each ten seconds of ten minutes; what failed is on top. */
export const ThroughputChart: FC<{ look: Look; bars: readonly Bar[] }> = ({ look, bars }) => {
  const rates = bars.map((bar) => perSecond(bar.completed + bar.failed))
  const top = niceTop(Math.max(...rates, 0))
  const step = WIDTH / Math.max(bars.length, 1)
  const last = rates.at(-1) ?? 0
  const peak = Math.max(...rates, 0)
  const failed = bars.reduce((sum, bar) => sum + bar.failed, 0)
  const label = say(
    look,
    `Jobs that ended each second within ten minutes: ${rate(look, last)} now, ${rate(look, peak)} at the peak; ${count(look, failed)} failed`,
    `直近10分間の毎秒の終了数: 現在 ${rate(look, last)}、最大 ${rate(look, peak)}、失敗 ${count(look, failed)} 件`,
  )
  return (
    <Chart look={look} bars={bars} top={rate(look, top)} label={label}>
      {bars.map((bar, at) => {
        const good = (perSecond(bar.completed) / top) * HEIGHT
        const bad = (perSecond(bar.failed) / top) * HEIGHT
        const x = round(at * step + step * 0.12)
        const width = round(step * 0.76)
        const text = `${timeOfDay(look, bar.at)} · ${rate(look, rates[at] ?? 0, bar.isEstimate)}`
        return (
          <g>
            <title>{text}</title>
            <rect class="slot" x={round(at * step)} y="0" width={round(step)} height={HEIGHT} />
            <rect class="good" x={x} y={round(HEIGHT - good)} width={width} height={round(good)} />
            <rect
              class="bad"
              x={x}
              y={round(HEIGHT - good - bad)}
              width={width}
              height={round(bad)}
            />
          </g>
        )
      })}
    </Chart>
  )
}

/** How long jobs waited and how long they took: 95 of 100 no longer. */
export const LatencyChart: FC<{ look: Look; bars: readonly Bar[] }> = ({ look, bars }) => {
  const waited = bars.map((bar) => bar.waited?.[1])
  const took = bars.map((bar) => bar.took?.[1])
  const known = [...waited, ...took].filter((each) => each !== undefined)
  const top = niceTop(Math.max(...known, 1))
  const say95 = (values: readonly (number | undefined)[]): string => {
    const last = values.findLast((each) => each !== undefined)
    return last === undefined ? '—' : duration(look, last)
  }
  const label = say(
    look,
    `How long 95 of 100 jobs waited and ran at the most, within ten minutes: waited ${say95(waited)}, ran ${say95(took)} at the end`,
    `直近10分間の待ち時間と実行時間（95パーセンタイル）: 待ち ${say95(waited)}、実行 ${say95(took)}`,
  )
  return (
    <Chart look={look} bars={bars} top={duration(look, top)} label={label}>
      <Line values={took} top={top} kind="took" />
      <Line values={waited} top={top} kind="waited" />
    </Chart>
  )
}

const Line: FC<{ values: readonly (number | undefined)[]; top: number; kind: string }> = ({
  values,
  top,
  kind,
}) => {
  const step = WIDTH / Math.max(values.length, 1)
  let path = ''
  let isDown = false
  for (const [at, value] of values.entries()) {
    if (value !== undefined) {
      const y = HEIGHT - 2 - (value / top) * (HEIGHT - 4)
      // A line to itself shows a single value as a dot.
      const x = round(at * step + step / 2)
      path += isDown ? `L${x} ${round(y)}` : `M${x} ${round(y)}L${x} ${round(y)}`
    }
    isDown = value !== undefined
  }
  return <path class={`line ${kind}`} d={path} />
}

const Chart: FC<{
  look: Look
  bars: readonly Bar[]
  top: string
  label: string
  children?: Child
}> = ({ look, bars, top, label, children }) => {
  const [first] = bars
  const last = bars.at(-1)
  return (
    <div class="chart">
      <span class="top">{top}</span>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {[0.25, 0.5, 0.75].map((part) => (
          <path class="grid" d={`M0 ${HEIGHT * part}H${WIDTH}`} />
        ))}
        {children}
        <path class="base" d={`M0 ${HEIGHT}H${WIDTH}`} />
      </svg>
      <span class="times">
        <span>{first === undefined ? '' : timeOfDay(look, first.at)}</span>
        <span>{last === undefined ? '' : timeOfDay(look, last.at + BAR_SECONDS * 1000)}</span>
      </span>
    </div>
  )
}

const perSecond = (ended: number): number => ended / BAR_SECONDS

function rate(look: Look, value: number, isEstimate = false): string {
  const shown = value >= 10 ? Math.round(value) : Math.round(value * 10) / 10
  return say(look, `${count(look, shown, isEstimate)}/s`, `毎秒 ${count(look, shown, isEstimate)}`)
}

/** The next of 1, 2, 5, 10, 20 … */
function niceTop(value: number): number {
  const base = 10 ** Math.floor(Math.log10(Math.max(value, 0.1)))
  return [1, 2, 5, 10].map((each) => each * base).find((each) => each >= value) ?? base * 10
}
