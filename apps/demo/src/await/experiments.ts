import type { App } from '../app.ts'
import type { Text } from '../web/language.ts'
import type { Measured } from './measured.ts'
import { measureCallers, measurePages, measureReads, smallPoolFor } from './measure-reads.ts'

/** One measurement, and what it shows. */
export interface Experiment {
  readonly name: Text
  readonly why: Text
  readonly measured: Measured
}

/** The cost of a page that makes three reads. */
export async function threeReads({ db }: App): Promise<readonly Experiment[]> {
  const { inSequence, together, inTransaction } = await measureReads(db)
  return [
    {
      name: {
        ja: '30 ms の読み取り3回、ひとつずつ',
        en: 'Three reads of 30 ms, one after the other',
      },
      why: {
        ja: '前の答えを待ってから次を頼むので、時間は足し算になります。前の結果が要るときだけの書き方です。',
        en: 'Each waits for the answer before it, so their times add up. Only right where one needs the other.',
      },
      measured: inSequence,
    },
    {
      name: { ja: '同じ3回を、いっしょに', en: 'The same three, together' },
      why: {
        ja: '3つの接続で同時に頼むので、いちばん遅いひとつの時間で済みます。',
        en: 'Asked at once on three connections: as long as the slowest of them.',
      },
      measured: together,
    },
    {
      name: {
        ja: '同じ3回を、ひとつのトランザクションの中で',
        en: 'The same three, in one transaction',
      },
      why: {
        ja: 'トランザクションの接続はひとつ、接続はひとつずつしか答えません。いっしょに頼んでも、ひとつずつ終わります。',
        en: 'A transaction has one connection, and a connection does one thing at a time: they begin together and end one by one.',
      },
      measured: inTransaction,
    },
  ]
}

/** The cost of `callers` calls, one after the other and concurrently, and of as many pages over HTTP. */
export async function manyCallers(
  { settings }: App,
  callers: number,
): Promise<readonly Experiment[]> {
  const connections = smallPoolFor(callers)
  const { inSequence, smallPool, fittingPool } = await measureCallers(settings.databaseUrl, callers)
  const overHttp = await measurePages(settings.publicUrl, callers)
  const [busyCalls, busyPages] = [fittingPool, overHttp].map(({ busyMs }) => busyMs.toFixed(0))
  return [
    {
      name: {
        ja: `30 ms の読み取り${callers}回、ひとつずつ`,
        en: `${callers} reads of 30 ms, one after the other`,
      },
      why: {
        ja: '前の答えを待ってから次を頼むので、時間は足し算になります。',
        en: 'Each waits for the answer before it, so their times add up.',
      },
      measured: inSequence,
    },
    {
      name: {
        ja: `いっしょに: 同時に${callers}人、接続は${connections}本`,
        en: `Together: ${callers} callers, a pool of ${connections}`,
      },
      why: {
        ja: `一度に読めるのは${connections}人まで。残りは接続が空くのを待ちます。イベントループは止まっていません。`,
        en: `${connections} read at a time, the others wait for a connection. The event loop is free all the while.`,
      },
      measured: smallPool,
    },
    {
      name: {
        ja: `いっしょに: 同時に${callers}人、接続も${callers}本`,
        en: `Together: ${callers} callers, a pool of ${callers}`,
      },
      why: {
        ja: '全員が同時に読みます。そのかわりデータベースに同じ数の接続が要ります。',
        en: 'All read at once, and the database holds as many connections.',
      },
      measured: fittingPool,
    },
    {
      name: {
        ja: `HTTP で${callers}画面を、いっしょに`,
        en: `${callers} pages over HTTP, together`,
      },
      why: {
        ja: `イベントループが働いた時間は ${busyPages} ms、すぐ上の${callers}回の呼び出しでは ${busyCalls} ms でした。画面はデータベースを待たないのに高くつくのは、ひとつずつの解析と描画が、ひとつのスレッドの仕事だからです（ここでは頼む側も同じスレッドです）。`,
        en: `The event loop was at work for ${busyPages} ms, and for ${busyCalls} ms during the ${callers} calls above. These pages wait for no database and are dearer all the same: each request is parsed and each page rendered on the one thread (here those who ask are on it, too).`,
      },
      measured: overHttp,
    },
  ]
}
