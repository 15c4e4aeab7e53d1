import type { FC } from 'hono/jsx'
import type { Text } from '../web/language.ts'
import type { Measured } from './measured.ts'

const WIDTH = 1_000
/** All bars of a picture together, and the line of the event loop below them, in units of the picture. */
const BARS_HEIGHT = 120
const LOOP_HEIGHT = 14
const MOST_BAR_HEIGHT = 30

/** The bars of a measurement, and when the event loop was free. Pictures of one `scaleMs` can be compared. */
export const Timeline: FC<{ measured: Measured; scaleMs: number; label: string }> = ({
  measured: { spans, turns },
  scaleMs,
  label,
}) => {
  const x = (ms: number): number => Math.round((ms / scaleMs) * WIDTH * 10) / 10
  const slot = Math.min(MOST_BAR_HEIGHT, BARS_HEIGHT / Math.max(1, spans.length))
  const bars = spans.toSorted((a, b) => a.beginsMs - b.beginsMs || a.endsMs - b.endsMs)
  const height = slot * spans.length + LOOP_HEIGHT
  const top = slot * spans.length + 4
  return (
    <svg
      class="timeline"
      viewBox={`0 0 ${WIDTH} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {bars.map(({ beginsMs, endsMs }, row) => (
        <rect
          class="io"
          x={x(beginsMs)}
          y={row * slot}
          width={Math.max(1, x(endsMs) - x(beginsMs))}
          height={slot * 0.8}
        />
      ))}
      <path class="loop" d={turns.map((at) => `M${x(at)} ${top}v${LOOP_HEIGHT - 6}`).join('')} />
    </svg>
  )
}

/** What the pictures show. */
export const LEGEND: Text = {
  ja: '青い帯はひとつの読み取りか画面（始まりから答えまで）。下の緑の線は、そのあいだにイベントループが他の仕事をできた瞬間です。',
  en: 'A blue bar is one read or page, from its start to its answer. The green line below marks when the event loop was free for other work meanwhile.',
}
