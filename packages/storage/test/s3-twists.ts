import { type Dice, SECRET } from '@yuzuru/tooling/dialogues'
import type { Delivery } from '@yuzuru/tooling/hostile-peer'
import { type Answer, bytesOf, type Twist } from './hostile-s3.ts'

const SAID = `password=${SECRET}`

type Shape = (answer: Answer, dice: Dice) => void

const setHeader = (answer: Answer, name: string, ...values: readonly string[]): void => {
  answer.headers = answer.headers.filter(([each]) => each.toLowerCase() !== name.toLowerCase())
  for (const value of values) answer.headers.push([name, value])
}

const setBody = (answer: Answer, body: string | Buffer): void => {
  answer.body = Buffer.from(body as string)
  setHeader(answer, 'Content-Length', String(answer.body.length))
}

const text = ({ body }: Answer): string => body.toString()

const LENGTHS = ['0', '-1', '1', '99999999999999999999', 'x', '', '1e3', '0x10', ' 5 ', '+3']
const STATUSES = [100, 101, 103, 199, 200, 204, 206, 300, 301, 304, 307, 400, 403, 404, 409, 412]
const MORE_STATUSES = [416, 429, 500, 501, 503, 507, 599, 600, 999]
const NUMBERS = ['-1', 'NaN', '1e99', '99999999999999999999', '', '0', SAID, '1.5']

const errorDocument = (code: string, said: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>${said}</Message><RequestId>${said}</RequestId></Error>`

const CODES = [
  'SlowDown',
  'AccessDenied',
  'InternalError',
  'RequestTimeTooSkewed',
  SAID,
  '__proto__',
]

/** How an answer is changed, and still is one of HTTP. */
const SHAPES: readonly Shape[] = [
  (answer, dice) => setHeader(answer, 'Content-Length', dice.pick(LENGTHS)),
  (answer, dice) => {
    setHeader(answer, 'Content-Length', String(answer.body.length + dice.pick([-3, -1, 1, 9])))
  },
  (answer) => setHeader(answer, 'Content-Length', String(answer.body.length), '3'),
  (answer) => setHeader(answer, 'Content-Length'),
  (answer) => setHeader(answer, 'Transfer-Encoding', 'chunked'),
  (answer) => setHeader(answer, 'Transfer-Encoding', 'gzip, chunked'),
  (answer) => setHeader(answer, 'Content-Encoding', 'gzip'),
  (answer, dice) => void (answer.status = dice.pick(STATUSES)),
  (answer, dice) => void (answer.status = dice.pick(MORE_STATUSES)),
  (answer, dice) => {
    answer.status = dice.pick([301, 302, 303, 307, 308])
    setHeader(answer, 'Location', dice.pick(['/elsewhere', 'http://127.0.0.1:1/', '//x', SAID]))
  },
  (answer, dice) =>
    setHeader(answer, 'ETag', dice.pick(['', '"', SAID, '"x"-1', 'x'.repeat(9_000)])),
  (answer, dice) => {
    for (const name of ['x-amz-checksum-crc32', 'x-amz-checksum-sha256']) {
      setHeader(answer, name, dice.pick(['AAAAAA==', '', 'x', SAID]))
    }
  },
  (answer, dice) =>
    setHeader(answer, 'Content-Range', dice.pick(['bytes 0-1/2', 'bytes */*', 'x', 'bytes 9-1/0'])),
  (answer, dice) =>
    setHeader(answer, dice.pick(['Last-Modified', 'Date']), dice.pick(['', 'x', SAID, '99'])),
  (answer) => void answer.headers.push(['x-amz-request-id', SAID.repeat(100)]),
  (answer) => void answer.headers.push(['x-amz-meta-a', '=?utf-8?b?////?=']),
  (answer) => void answer.headers.push(['x-amz-meta-__proto__', SAID]),
  (answer) => void answer.headers.push(['x', 'y'.repeat(20_000)]),
  (answer) => {
    for (let count = 0; count < 2_000; count += 1) answer.headers.push([`x-${count}`, 'y'])
  },
  (answer, dice) => {
    answer.status = dice.pick([200, 400, 403, 404, 409, 500, 503])
    setBody(answer, errorDocument(dice.pick(CODES), SAID.repeat(dice.pick([1, 3_000]))))
  },
  (answer) => setBody(answer, ''),
  (answer) => setBody(answer, SAID),
  (answer) => setBody(answer, '<'.repeat(100_000)),
  (answer) => setBody(answer, `<ListBucketResult>${'<a>'.repeat(50_000)}`),
  (answer) => setBody(answer, `${'<a>'.repeat(20_000)}${'</a>'.repeat(20_000)}`),
  (answer) => setBody(answer, `<!DOCTYPE x [<!ENTITY a "${SAID}">]><x>&a;&a;</x>`),
  (answer) => setBody(answer, `<x>${'&#x10FFFF;&#xFFFFFFFF;&bad;'.repeat(1_000)}</x>`),
  (answer) =>
    setBody(answer, `<ListBucketResult>${'<Contents/>'.repeat(200_000)}</ListBucketResult>`),
  (answer) => setBody(answer, Buffer.alloc(20_000_000, '<a>x</a>')),
  (answer, dice) =>
    setBody(
      answer,
      text(answer).replaceAll(/>\d+</g, () => `>${dice.pick(NUMBERS)}<`),
    ),
  (answer, dice) =>
    setBody(
      answer,
      text(answer).replace(/<Key>[^<]*/, `<Key>${dice.pick(['%', '%zz', SAID, ''])}`),
    ),
  (answer) =>
    setBody(answer, text(answer).replaceAll(/<(UploadId|Key|ETag|Part)>[^<]*<\/\1>/g, '')),
  (answer) => setBody(answer, text(answer).replaceAll(/<(UploadId|ETag)>[^<]*/g, `<$1>${SAID}`)),
  (answer) => setBody(answer, text(answer).replaceAll(/T\d\d:\d\d:/g, 'Tx')),
  (answer) => endlessList(answer),
  (answer, dice) => {
    const body = Buffer.from(answer.body)
    for (let times = 0; times < 5 && body.length > 0; times += 1) {
      body[dice.below(body.length)] = dice.below(256)
    }
    answer.body = body
  },
]

let mark = 0

/** There is always more, and it is always elsewhere. */
function endlessList(answer: Answer): void {
  mark += 1
  const next = ['NextContinuationToken', 'NextKeyMarker', 'NextPartNumberMarker']
  const marks = next.map((name) => `<${name}>${mark}</${name}>`).join('')
  const more = `<IsTruncated>true</IsTruncated>${marks}`
  const rest = text(answer).replaceAll(/<(IsTruncated|Next\w+)>[^<]*<\/\1>/g, '')
  setBody(answer, rest.replace(/<\/(\w+)>\s*$/, `${more}</$1>`))
}

const ENDLESS: readonly string[] = [
  `x: ${SAID}\r\n`,
  'x',
  '<Contents><Key>a</Key></Contents>',
  'HTTP/1.1 100 Continue\r\n\r\n',
]

const ENDINGS = [
  'go on',
  'go on',
  'go on',
  'silence',
  'end',
  'reset',
  'cut',
  'endless',
  'more',
] as const

/** What a store does to the answer of one request, or from then on. */
export function twistOf(dice: Dice): Twist {
  const from = dice.pick([0, 0, 1, 2, 3])
  const lasts = dice.below(2) === 0
  const shapes = [dice.pick(SHAPES), ...(dice.below(4) === 0 ? [dice.pick(SHAPES)] : [])]
  const ending = dice.pick(ENDINGS)
  const endless = dice.pick(ENDLESS)
  const share = dice.next()
  return (turn, given): Delivery | undefined => {
    if (turn < from || (turn > from && !lasts)) return undefined
    const answer: Answer = {
      ...given,
      headers: given.headers.map(([name, value]) => [name, value]),
    }
    for (const shape of shapes) shape(answer, dice)
    const bytes = bytesOf(answer)
    if (ending === 'cut') {
      return { bytes: bytes.subarray(0, Math.floor(share * bytes.length)), ending: 'silence' }
    }
    if (ending === 'more') return { bytes: Buffer.concat([bytes, bytes]), ending: 'go on' }
    if (ending !== 'endless') return { bytes, ending }
    const head = bytes.subarray(0, Math.floor(share * 200))
    return { bytes: head, endless: Buffer.from(endless.repeat(5_000)), ending: 'go on' }
  }
}
