import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { gather, sleep } from '@yuzuru/concurrency'
import { documentLink, getPlan } from '../plans/plans.ts'
import { registeredStaff, type Step } from './day.ts'
import { hiddenFields } from './hidden-fields.ts'
import { samplePdf } from './sample-pdf.ts'

const FILENAME = '支援計画書（令和８年度）.pdf'
const DOCUMENT_BYTES = 12 * 1_024 * 1_024
const CHUNK_BYTES = 64 * 1_024

export const documentStep: Step = {
  title: {
    ja: `12 MB の ${FILENAME} をストリームで保存`,
    en: `A 12 MB ${FILENAME}, uploaded as a stream`,
  },
  async run(day, report) {
    const { office_id: officeId } = registeredStaff(day)
    const { text } = await day.manager.get('/plans')
    const form = { ...hiddenFields(text), title: '令和８年度 個別支援計画' }
    const clicks = await gather([
      () => day.manager.submit('/plans', form),
      () => day.manager.submit('/plans', form),
    ])
    const [planId = '', ...others] = new Set(
      clicks.map(({ url }) => url.pathname.split('/').at(-1) ?? ''),
    )
    report.check(
      {
        ja: '「作成する」を二度押しても、計画は一つ',
        en: 'two clicks on "Create" make one plan',
      },
      others.length === 0,
      others.length + 1,
    )
    const path = `/api/v1/plans/${planId}/document`
    const headers = { 'x-filename': encodeURIComponent(FILENAME) }

    report.onPurpose({ ja: 'PDF でないものを送る', en: 'Sending what is no PDF' })
    const noise = Buffer.alloc(2 * 1_024 * 1_024, 'no PDF ')
    const wrong = await day.manager.send(path, { method: 'PUT', headers, body: noise })
    const unknown = await day.stranger.send(path, { method: 'PUT', headers, body: noise })
    const kept = await Array.fromAsync(day.app.storage.list({ prefix: `plans/${planId}/` }))
    report.check(
      {
        ja: 'PDF でないものは 415、何も残らない',
        en: 'what is no PDF gets 415, and nothing is kept',
      },
      wrong.status === 415 && kept.length === 0,
      `${wrong.status}, ${kept.length}`,
    )

    report.check(
      {
        ja: 'ログインしていない送信も、読み切られて 401',
        en: 'without a session the upload hears 401',
      },
      unknown.status === 401,
      unknown.status,
    )

    report.progress({ ja: 'アップロードする', en: 'Uploading' })
    const pdf = samplePdf(DOCUMENT_BYTES)
    const sha256 = createHash('sha256').update(pdf).digest('hex')
    const stored = await day.manager.send(path, {
      method: 'PUT',
      headers,
      body: Readable.from(chunksOf(pdf), { objectMode: false }),
    })
    report.require(
      { ja: 'アップロードできた', en: 'the upload is accepted' },
      stored.status === 201,
      `${stored.status}, ${(pdf.length / 1_048_576).toFixed(1)} MB`,
    )
    day.facts.planId = planId

    const link = await day.manager.get(`/plans/${planId}/document`)
    const opened = await day.stranger.get(link.url)
    const disposition = opened.headers.get('content-disposition') ?? ''
    const [, encoded = ''] = /filename\*=UTF-8''([^;]+)/.exec(disposition) ?? []
    report.check(
      { ja: 'URL はその名前で、その場で開く', en: 'its URL opens inline, under that name' },
      opened.status === 200 &&
        disposition.startsWith('inline') &&
        decodeURIComponent(encoded) === FILENAME,
      `${disposition.split(';')[0]}, ${decodeURIComponent(encoded)}`,
    )
    const back = createHash('sha256').update(opened.bytes).digest('hex')
    const plan = await getPlan(day.app, officeId, planId)
    report.check(
      { ja: '中身もチェックサムも同じ', en: 'bytes and checksum are equal' },
      pdf.equals(opened.bytes) && back === sha256 && plan.document_sha256 === sha256,
      sha256.slice(0, 16),
    )

    const altered = new URL(link.url)
    altered.pathname = altered.pathname.replace(/\.pdf$/, '.pd_')
    const refused = await day.stranger.get(altered)
    report.check(
      { ja: '書き換えた URL は断られる', en: 'an altered URL is refused' },
      refused.status === 403,
      refused.status,
    )
    report.progress({
      ja: '1秒だけ有効な URL の期限を待つ',
      en: 'Waiting for a one-second URL to expire',
    })
    const brief = new URL(await documentLink(day.app, plan, 1))
    await sleep(2_100)
    const late = await day.stranger.get(brief)
    report.check(
      { ja: '期限切れの URL は断られる', en: 'an expired URL is refused' },
      late.status === 403,
      late.status,
    )
  },
}

function* chunksOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) yield bytes.subarray(at, at + CHUNK_BYTES)
}
