import { describe, expect, test } from 'vitest'
import { isReportOf, packReport, ReportPort, unpackReport } from './reports.ts'

describe('a report of a process', () => {
  test('is known among whatever else comes over its channel', () => {
    const report = packReport('count', 7, { done: 3 })
    const others = [undefined, null, 'report', {}, { yuzuru: 'reply', number: 7 }]
    expect([report, ...others].map((each) => isReportOf(each, 7))).toEqual([
      true,
      ...others.map(() => false),
    ])
    expect([isReportOf(report, 8), unpackReport(report)]).toEqual([false, { done: 3 }])
  })

  test('that cannot be sent says so, and of which job it is', () => {
    expect(() => packReport('count', 7, () => 1)).toThrow(/"count"/)
  })
})

test('what a thread has sent is heard before its port closes', () => {
  const heard: unknown[] = []
  const port = new ReportPort((value) => heard.push(value))
  for (const value of [1, 2]) port.far.postMessage(value)
  port.close()
  expect(heard).toEqual([1, 2])
})
